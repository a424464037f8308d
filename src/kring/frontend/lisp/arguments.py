"""What stands for each operand of a helper's call, by the kernel's prototype.

In:  an operand, and what the prototype says of the argument. Out: its value, after it was found to
     be what the verifier wants there.
Rule: a map is its name, the context `(ctx-ptr)`, memory a pointer to it. A string stands for its
      bytes and a NUL, and then their number is not written.
"""

from __future__ import annotations

from collections.abc import Callable

from kring.abi.helpers import ACQUIRES, READS_PACKET, TRACED, Helper
from kring.abi.uapi import ProgType
from kring.decl.maps import PlainMap, ValueType, value_size
from kring.decl.types import ArrayType
from kring.frontend.diagnose import refuse
from kring.frontend.lisp.expressions import value
from kring.frontend.lisp.forms import Operand, Symbol, lisp_name, show
from kring.frontend.lisp.inference import type_of
from kring.frontend.lisp.maps import held
from kring.frontend.lisp.memory import checked, described, room
from kring.frontend.lisp.scope import Scope
from kring.ir.core import Op, Space, Span, Type, Value, number, signed
from kring.record import field, record

BUFFERS = frozenset({"in", "out", "inout", "kept"})
"""Arguments that are memory, whose size may be the next one."""
_PROBES = frozenset({
    "probe_read", "probe_read_str", "probe_read_user", "probe_read_user_str", "probe_read_kernel",
    "probe_read_kernel_str", "copy_from_user", "copy_from_user_task",
})  # fmt: skip
_LARGEST_PROBE = 512
"""Bytes of a stack, where nothing is known of the memory that is to be filled."""
_TEXTS = frozenset({
    "get_current_comm", "probe_read_str", "probe_read_user_str", "probe_read_kernel_str", "d_path",
    "sysctl_get_name", "sysctl_get_current_value", "sysctl_get_new_value", "snprintf",
})  # fmt: skip
"""Helpers that fill memory with a string."""
_NARROW = frozenset({"u8", "u16", "i8", "i16"})
_DYNPTR_SIZE = 16
_TRACING = frozenset({ProgType.TRACING, ProgType.LSM, ProgType.SYSCALL})


@record(frozen=False)
class Call:
    """A call being built: its operands so far; the map among them, and how many bytes the last
    memory has, if that is known; `literal` is the size of the last string."""

    s: Scope
    helper: Helper
    name: str
    span: Span
    map: PlainMap | None = None
    map_name: str = ""
    room: int | None = None
    literal: int = 0
    values: list[Value] = field(default_factory=list[Value])

    def what(self, at: int) -> str:
        """An argument in the words of an error message."""
        return f"{lisp_name(self.helper.params[at])} of {self.name}"


def argument(call: Call, at: int, kind: str, arg: Operand) -> Value:
    """What stands for an operand; the call keeps in mind what later ones depend on."""
    if kind == "map":
        return _map(call, at, arg)
    if isinstance(arg.form, str):
        return _string(call, at, kind, arg)
    if kind == "ctx" and isinstance(arg.form, Symbol) and arg.form.name == "ctx":
        if arg.form not in call.s.names:
            return call.s.b.context
    found = value(call.s, arg)
    if at in call.helper.optional and number(found) == 0:
        call.room = 0
        return found
    return _ARGUMENTS[kind](call, at, found, arg)


def _map(call: Call, at: int, arg: Operand) -> Value:
    declared, name = call.s.map(arg)
    wanted = call.helper.more[at]
    if wanted and declared.type.name not in wanted.split("|"):
        listed = ", ".join(f":{lisp_name(one)}" for one in wanted.split("|"))
        own = lisp_name(declared.type.name)
        refuse(arg.span, f"{call.name} takes a map of type {listed}; {arg.form} is of type :{own}")
    call.map, call.map_name = declared, name
    return call.s.b.map(name)


def _string(call: Call, at: int, kind: str, arg: Operand) -> Value:
    """Constant text, where it is only read."""
    if kind not in ("in", "str") or not isinstance(arg.form, str):
        refuse(arg.span, f"{call.what(at)} is no string")
    raw = arg.form.encode("utf-8", "surrogateescape") + b"\0"
    call.literal = call.room = len(raw)
    return call.s.b.constant(raw)


def _wrong(call: Call, at: int, found: Value, arg: Operand, wanted: str, *notes: str) -> Value:
    refuse(arg.span, f"{call.what(at)} is {wanted}; {show(arg.form)} is {described(found)}", *notes)


def _number(call: Call, at: int, found: Value, arg: Operand) -> Value:
    if found.type.space in (Space.MAP, Space.PACKET_END):
        _wrong(call, at, found, arg, "a number")
    return found


def _address(call: Call, at: int, found: Value, arg: Operand) -> Value:
    _check_wide(call, at, arg)
    return found


def _check_wide(call: Call, at: int, arg: Operand) -> None:
    kind = type_of(call.s, arg)
    if call.helper.name in _PROBES and kind in _NARROW:
        refuse(
            arg.span,
            f"{call.what(at)} is an address, which has 64 bits; {show(arg.form)} is of type {kind}",
            "read it as u64",
        )


def _buffer(call: Call, at: int, found: Value, arg: Operand) -> Value:
    """Memory for the helper to read or to fill."""
    _check_wide(call, at, arg)
    kind, space = call.helper.args[at], found.type.space
    if space is Space.BTF or (space is Space.CTX and call.s.program.kind.type in _WORDS):
        _wrong(call, at, found, arg, "memory of the program's own")
    found = checked(call.s, found, arg, written=kind != "in")
    if space is Space.PACKET and (call.helper.name not in READS_PACKET or kind != "in"):
        refuse(
            arg.span, f"{call.what(at)} cannot be memory of the packet",
            "copy it to the stack first: `(memcpy own 0 header 0 size)`",
        )  # fmt: skip
    if kind == "kept" and space is not Space.VALUE:
        _wrong(call, at, found, arg, "memory that stays: a map's value")
    call.room = room(call.s, found)
    fixed = call.helper.more[at]
    if fixed and call.room is not None and call.room < int(fixed):
        refuse(arg.span, f"{call.what(at)} is {fixed} bytes; {show(arg.form)} has {call.room}")
    if call.helper.name in _TEXTS and kind == "out":
        call.s.is_text(found)
    return found


_WORDS = frozenset(ProgType) - {ProgType.SYSCALL}
"""Types whose context is no memory to helpers."""


def _size(call: Call, at: int, found: Value, arg: Operand) -> Value:
    """The bytes of the memory before it."""
    if found.type.space is not None:
        _wrong(call, at, found, arg, "a number of bytes")
    known = number(found)
    if known is None:
        return found
    least = 0 if at in call.helper.optional else 1
    most = call.room
    if most is None:
        most = _LARGEST_PROBE if call.helper.name in _PROBES else 0xFFFF_FFFF
    if not least <= known <= most:
        behind = f"; the memory before it has {call.room} bytes" if call.room is not None else ""
        refuse(
            arg.span,
            f"{call.what(at)} is {signed(known)}{behind}",
            f"it is from {least} to {most}" if most else "give it some memory",
        )
    return found


def _key(call: Call, at: int, found: Value, arg: Operand) -> Value:
    assert call.map is not None
    return _sized(call, call.map.key, found, arg, "key")


def _value(call: Call, at: int, found: Value, arg: Operand) -> Value:
    assert call.map is not None
    return _sized(call, call.map.value, found, arg, "value")


def _sized(
    call: Call, kind: ValueType | ArrayType | None, found: Value, arg: Operand, what: str
) -> Value:
    """A pointer to a key or value of the call's map, or to where a number was put."""
    assert kind is not None
    made = held(call.s, kind, found, arg, f"{what} of {call.map_name}")
    behind = room(call.s, made)
    if behind is not None and behind < value_size(kind):
        whole = f"the {what} of {call.map_name} is {value_size(kind)} bytes"
        refuse(arg.span, f"{whole}; {show(arg.form)} has {behind}")
    return made


def _into(call: Call, at: int, found: Value, arg: Operand) -> Value:
    """Memory for a value of the map."""
    assert call.map is not None
    assert call.map.value is not None
    made, size = _buffer(call, at, found, arg), value_size(call.map.value)
    if call.room is not None and call.room < size:
        what = f"a value of {call.map_name} is {size} bytes"
        refuse(arg.span, f"{what}; {show(arg.form)} has {call.room}")
    return made


def _context(call: Call, at: int, found: Value, arg: Operand) -> Value:
    traced = call.helper.name in TRACED and call.s.program.kind.type in _TRACING
    if traced:
        return _kernel(call, at, found, arg)
    if found.type.space is not Space.CTX:
        _wrong(call, at, found, arg, "the context", "write `(ctx-ptr)`")
    if found is not call.s.b.context:
        refuse(arg.span, f"{call.what(at)} is the start of the context", "write `(ctx-ptr)`")
    return found


def _kernel(call: Call, at: int, found: Value, arg: Operand) -> Value:
    """A pointer to an object of the kernel's that the verifier knows."""
    if found.type.space is Space.BTF:
        if call.helper.name in ACQUIRES.values():
            _give_back(call, found, arg)
        return found
    if found.type.space in (None, Space.KERNEL) and call.s.program.kind.typed:
        return call.s.b.emit(Op.ADD, found, call.s.b.const(0), type=Type(Space.BTF))
    struct = call.helper.more[at]
    what = f"a pointer to a {struct}" if struct else "a pointer to an object"
    return _wrong(
        call, at, found, arg, f"{what} of the kernel's",
        "take one that a helper gave, or that the program was given",
    )  # fmt: skip


def _give_back(call: Call, found: Value, arg: Operand) -> None:
    """The object goes back to the kernel; it is on no path any more."""
    s, token = call.s, call.s.tokens.get(found)
    if token is None:
        some = ", ".join(map(lisp_name, ACQUIRES))
        refuse(arg.span, f"{call.name} gives back what {some} gave; this is not of them")
    if s.b.block is not None:
        if token not in s.b.held | s.b.forgiven:
            refuse(arg.span, f"{token.text()} was given back before, or is not there, on this path")
        s.b.held -= {token}


def _dynptr(call: Call, at: int, found: Value, arg: Operand) -> Value:
    if found.type.space is not Space.STACK or (room(call.s, found) or 0) < _DYNPTR_SIZE:
        _wrong(
            call, at, found, arg, f"a dynamic pointer: {_DYNPTR_SIZE} bytes of the stack",
            f"make one: `(struct-alloc {_DYNPTR_SIZE})`",
        )  # fmt: skip
    return found


def _text(call: Call, at: int, found: Value, arg: Operand) -> Value:
    return _wrong(call, at, found, arg, "constant text", 'write a string: `"…"`')


_ARGUMENTS: dict[str, Callable[[Call, int, Value, Operand], Value]] = {
    "int": _number,
    "addr": _address,
    "size": _size,
    **dict.fromkeys(BUFFERS, _buffer),
    "key": _key,
    "value": _value,
    "into": _into,
    "ctx": _context,
    "btf": _kernel,
    "dynptr": _dynptr,
    "str": _text,
}
