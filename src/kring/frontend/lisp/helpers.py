"""Calls of the kernel's helpers by their names, `(ktime-get-ns)`, by the kernel's prototypes.

In:  a helper and the operands of a form. Out: its call, after each operand was found to be what the
     verifier wants there, and what it gives.
Rule: a map is its name, the context `(ctx-ptr)`, memory a pointer to it. A string stands for its
      bytes and a NUL, and then their number is not written.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import ClassVar

from kring.abi.helpers import (
    ACQUIRES,
    CHANGES_PACKET,
    HELPERS,
    READS_PACKET,
    TRACED,
    VARIADIC,
    Helper,
)
from kring.abi.uapi import MapType, ProgType
from kring.decl.maps import PlainMap, ValueType, value_size
from kring.decl.types import ArrayType
from kring.frontend.diagnose import refuse
from kring.frontend.lisp.expressions import FORMS, value
from kring.frontend.lisp.forms import Operand, Symbol, lisp_name, show
from kring.frontend.lisp.inference import type_of
from kring.frontend.lisp.maps import held
from kring.frontend.lisp.memory import checked, described, room
from kring.frontend.lisp.scope import Rule, Scope
from kring.frontend.permits import MISSING, check_use
from kring.frontend.rounds import FOLLOWED
from kring.frontend.values import Gone, Lease, Num
from kring.ir.core import Op, Space, Span, Type, Value, number, signed
from kring.record import field, record

_FORM_OF = {
    "map_lookup_elem": "(getmap map key)` or `(map-lookup map key)",
    "map_update_elem": "(setf (getmap map key) value)` or `(map-update map key value flags)",
    "map_delete_elem": "(remmap map key)` or `(map-delete map key)",
    **dict.fromkeys(
        ("ringbuf_reserve_dynptr", "ringbuf_submit_dynptr", "ringbuf_discard_dynptr"),
        "(ringbuf-reserve map size flags)` with a constant size",
    ),
    "loop": "(dotimes (i n) …)",
    "for_each_map_elem": "(getmap map key)` in a `(dotimes (key n) …)",
    "trace_vprintk": '(trace-printk "format" value…)',
}
"""Helpers that the language has a form for, and the form."""
_LOCKS = "maps of programs here hold no locks"
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


@record(eq=False)
class _Socket(Lease):
    """A socket that a lookup gave."""

    there: ClassVar[str] = "it is not 0"
    loose: ClassVar[bool] = True

    def text(self, where: str = "") -> str:
        return f"the socket that {self.stream} gave{where}"

    @property
    def end(self) -> str:
        return f"give it back: `({self.release} socket)`"


@record(frozen=False)
class _Call:
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


def rule_of(helper: Helper, name: str) -> Rule:
    """The row of a form that calls the helper."""
    return Rule("[argument…]", partial(_called, helper, name))


def _called(helper: Helper, name: str, s: Scope, args: list[Operand]) -> Value:
    span = s.b.span
    _check_meant(helper, name, span)
    check_use(s.program.kind, helper, span, name)
    call = _Call(s, helper, name, span)
    _check_count(call, args)
    rest = iter(args)
    for at, kind in enumerate(helper.args):
        if kind == "size" and call.literal:
            call.values.append(s.b.const(call.literal))
        elif (arg := next(rest, None)) is None:
            break  # those that may be left out
        else:
            call.values.append(_argument(call, at, kind, arg))
        if kind not in _BUFFERS:
            call.literal = 0
    _check_values(call)
    return _result(call, s.b.call(helper.name, *call.values))


def _check_meant(helper: Helper, name: str, span: Span) -> None:
    if helper.name in _FORM_OF:
        refuse(span, f"{name} is not called by its name", f"write `{_FORM_OF[helper.name]}`")
    for kind in (*helper.args, helper.result):
        if (why := MISSING.get(kind, _LOCKS if kind == "lock" else "")) != "":
            refuse(span, f"{name} cannot be called from a program: {why}")


def _check_count(call: _Call, args: list[Operand]) -> None:
    helper = call.helper
    most, strings = len(helper.args), 0
    for at, (kind, arg) in enumerate(zip(helper.args, args, strict=False)):
        if isinstance(arg.form, str) and kind == "in" and helper.args[at + 1 : at + 2] == ("size",):
            strings += 1
    least = helper.args.index("int") if helper.name in VARIADIC else most
    if least - strings <= len(args) <= most - strings:
        return
    given = f"{len(args)} operand{'s' * (len(args) != 1)}"
    shown = [
        "(ctx-ptr)" if kind == "ctx" else lisp_name(param)
        for kind, param in zip(helper.args, helper.params, strict=True)
    ]
    listed = " ".join([call.name, *shown])
    refuse(call.span, f"{call.name} is given {given}", f"write `({listed})`")


def _check_values(call: _Call) -> None:
    """What a format shows are numbers of 64 bits, one behind the other."""
    if call.helper.name in _FORMATS and (number(call.values[-1]) or 0) % 8:
        refuse(call.span, f"{call.name} shows values of 8 bytes each", "give their bytes together")


_FORMATS = frozenset({"snprintf", "seq_printf", "trace_vprintk"})

# Arguments


def _argument(call: _Call, at: int, kind: str, arg: Operand) -> Value:
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


def _map(call: _Call, at: int, arg: Operand) -> Value:
    declared, name = call.s.map(arg)
    wanted = call.helper.more[at]
    if wanted and declared.type.name not in wanted.split("|"):
        listed = ", ".join(f":{lisp_name(one)}" for one in wanted.split("|"))
        own = lisp_name(declared.type.name)
        refuse(arg.span, f"{call.name} takes a map of type {listed}; {arg.form} is of type :{own}")
    call.map, call.map_name = declared, name
    return call.s.b.map(name)


def _string(call: _Call, at: int, kind: str, arg: Operand) -> Value:
    """Constant text, where it is only read."""
    if kind not in ("in", "str") or not isinstance(arg.form, str):
        refuse(arg.span, f"{call.what(at)} is no string")
    raw = arg.form.encode("utf-8", "surrogateescape") + b"\0"
    call.literal = call.room = len(raw)
    return call.s.b.constant(raw)


def _wrong(call: _Call, at: int, found: Value, arg: Operand, wanted: str, *notes: str) -> Value:
    refuse(arg.span, f"{call.what(at)} is {wanted}; {show(arg.form)} is {described(found)}", *notes)


def _number(call: _Call, at: int, found: Value, arg: Operand) -> Value:
    if found.type.space in (Space.MAP, Space.PACKET_END):
        _wrong(call, at, found, arg, "a number")
    return found


def _address(call: _Call, at: int, found: Value, arg: Operand) -> Value:
    _check_wide(call, at, arg)
    return found


def _check_wide(call: _Call, at: int, arg: Operand) -> None:
    kind = type_of(call.s, arg)
    if call.helper.name in _PROBES and kind in _NARROW:
        refuse(
            arg.span,
            f"{call.what(at)} is an address, which has 64 bits; {show(arg.form)} is of type {kind}",
            "read it as u64",
        )


def _buffer(call: _Call, at: int, found: Value, arg: Operand) -> Value:
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


def _size(call: _Call, at: int, found: Value, arg: Operand) -> Value:
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


def _key(call: _Call, at: int, found: Value, arg: Operand) -> Value:
    assert call.map is not None
    return _sized(call, call.map.key, found, arg, "key")


def _value(call: _Call, at: int, found: Value, arg: Operand) -> Value:
    assert call.map is not None
    return _sized(call, call.map.value, found, arg, "value")


def _sized(
    call: _Call, kind: ValueType | ArrayType | None, found: Value, arg: Operand, what: str
) -> Value:
    """A pointer to a key or value of the call's map, or to where a number was put."""
    assert kind is not None
    made = held(call.s, kind, found, arg, f"{what} of {call.map_name}")
    behind = room(call.s, made)
    if behind is not None and behind < value_size(kind):
        whole = f"the {what} of {call.map_name} is {value_size(kind)} bytes"
        refuse(arg.span, f"{whole}; {show(arg.form)} has {behind}")
    return made


def _into(call: _Call, at: int, found: Value, arg: Operand) -> Value:
    """Memory for a value of the map."""
    assert call.map is not None
    assert call.map.value is not None
    made, size = _buffer(call, at, found, arg), value_size(call.map.value)
    if call.room is not None and call.room < size:
        what = f"a value of {call.map_name} is {size} bytes"
        refuse(arg.span, f"{what}; {show(arg.form)} has {call.room}")
    return made


def _context(call: _Call, at: int, found: Value, arg: Operand) -> Value:
    traced = call.helper.name in TRACED and call.s.program.kind.type in _TRACING
    if traced:
        return _kernel(call, at, found, arg)
    if found.type.space is not Space.CTX:
        _wrong(call, at, found, arg, "the context", "write `(ctx-ptr)`")
    if found is not call.s.b.context:
        refuse(arg.span, f"{call.what(at)} is the start of the context", "write `(ctx-ptr)`")
    return found


def _kernel(call: _Call, at: int, found: Value, arg: Operand) -> Value:
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


def _give_back(call: _Call, found: Value, arg: Operand) -> None:
    """The object goes back to the kernel; it is on no path any more."""
    s, token = call.s, call.s.tokens.get(found)
    if token is None:
        some = ", ".join(map(lisp_name, ACQUIRES))
        refuse(arg.span, f"{call.name} gives back what {some} gave; this is not of them")
    if s.b.block is not None:
        if token not in s.b.held | s.b.forgiven:
            refuse(arg.span, f"{token.text()} was given back before, or is not there, on this path")
        s.b.held -= {token}


def _dynptr(call: _Call, at: int, found: Value, arg: Operand) -> Value:
    if found.type.space is not Space.STACK or (room(call.s, found) or 0) < _DYNPTR_SIZE:
        _wrong(
            call, at, found, arg, f"a dynamic pointer: {_DYNPTR_SIZE} bytes of the stack",
            f"make one: `(struct-alloc {_DYNPTR_SIZE})`",
        )  # fmt: skip
    return found


def _text(call: _Call, at: int, found: Value, arg: Operand) -> Value:
    return _wrong(call, at, found, arg, "constant text", 'write a string: `"…"`')


_BUFFERS = frozenset({"in", "out", "inout", "kept"})
_ARGUMENTS: dict[str, Callable[[_Call, int, Value, Operand], Value]] = {
    "int": _number,
    "addr": _address,
    "size": _size,
    **dict.fromkeys(_BUFFERS, _buffer),
    "key": _key,
    "value": _value,
    "into": _into,
    "ctx": _context,
    "btf": _kernel,
    "dynptr": _dynptr,
    "str": _text,
}


# Results


def _result(call: _Call, found: Value) -> Value:
    s, helper = call.s, call.helper
    if helper.name in CHANGES_PACKET:
        _forget_packet(call)
    if helper.struct:
        s.tags[found] = helper.struct
    if helper.name in ACQUIRES:
        held_socket(s, found, call.name, lisp_name(ACQUIRES[helper.name]))
    if helper.result in ("value", "value?") and call.map is not None:
        if isinstance(call.map.value, type):
            s.structs[found] = call.map.value
    return s.b.const(0) if helper.result == "void" else found


def held_socket(s: Scope, found: Value, giver: str, release: str) -> Value:
    """The socket that was found, which the program is to give back where there is one."""
    token = _Socket(found.span or s.program.span, giver, _NO_STREAM, release, lambda _: None)
    s.tokens[found] = token
    s.b.held |= {token}
    return found


_NO_STREAM = PlainMap(MapType.HASH, None, None, 0)
"""What stands for the stream of something that is none."""


def _forget_packet(call: _Call) -> None:
    """The packet may lie elsewhere now: variables that led into it lead nowhere."""
    b = call.s.b
    for variable, val in b.env.items():
        if isinstance(val, Num) and val.value.type.space in (Space.PACKET, Space.PACKET_END):
            b.env[variable] = Gone(call.span, f"left behind by {call.name}", "pointer")


# Forms that are more than a call


def _tail_call(s: Scope, args: list[Operand]) -> Value:
    """Go on with the program of an index; if there is none, go on here with 0."""
    span, b = s.b.span, s.b
    helper = HELPERS["tail_call"]
    check_use(s.program.kind, helper, span, "tail-call")
    jumps = _map(_Call(s, helper, "tail-call", span), 1, args[0])
    index = _number(_Call(s, helper, "tail-call", span), 2, value(s, args[1]), args[1])
    for token in b.held - b.forgiven:
        refuse(
            span,
            f"{token.text()} on line {token.span.line} is held here, and the program that is gone "
            "on with knows nothing of it",
            f"{token.end} first",
        )
    if s.iterators:
        refuse(
            span,
            "the kernel counts the loop that this is in, and the program that is gone on with "
            "knows nothing of it",
            f"go on behind the loop, or make it come round {FOLLOWED} times at the most",
        )
    b.call("tail_call", b.context, jumps, index)
    return b.const(0)


FORMS["tail-call"] = Rule("prog-array index", _tail_call)
