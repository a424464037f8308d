"""Memory: loads, stores and copies through any pointer."""

from __future__ import annotations

from collections.abc import Iterator

from kring.decl.maps import PlainMap, value_size
from kring.frontend.diagnose import refuse
from kring.frontend.lisp.expressions import FORMS, constant, size_of, type_name, value
from kring.frontend.lisp.forms import Operand, Symbol, show
from kring.frontend.lisp.scope import Rule, Scope
from kring.frontend.lisp.variables import variable
from kring.ir.core import Mem, Op, Space, Type, Value, aligned, number, signed

_WRITTEN = frozenset({Space.STACK, Space.VALUE, Space.RECORD, Space.PACKET, Space.MEM, Space.CTX})
READABLE = _WRITTEN | {Space.BTF}
ADDRESSES = frozenset({Space.KERNEL, Space.USER, Space.BTF})
"""Pointers that can be numbers too."""
_LARGEST = 1 << 16
"""Bytes of one block of memory; a program's stack has 512."""


def pointer(s: Scope, arg: Operand, written: bool = False) -> Value:
    """The operand's value, which must lead to memory that a program may read, or write."""
    return checked(s, value(s, arg), arg, written)


def checked(s: Scope, found: Value, arg: Operand, written: bool = False) -> Value:
    """The value of an operand, which must lead to such memory."""
    space = found.type.space
    if space in (_WRITTEN if written else READABLE):
        if space is Space.RECORD:
            _check_held(s, found, arg)
        return found
    if s.b.block is None:
        return nowhere(s)
    if space is None and s.program.kind.typed and not written and number(found) is None:
        # what the kernel hands to such a program is a typed pointer to the verifier
        return s.b.emit(Op.ADD, found, s.b.const(0), type=Type(Space.BTF))
    refuse(arg.span, f"{show(arg.form)} is {described(found)}, not memory", *_cure(space))


def _check_held(s: Scope, found: Value, arg: Operand) -> None:
    """Refuse a record that has been submitted or discarded, by whatever pointer into it."""
    token = s.tokens.get(origin(found)[0])
    if token is not None and s.b.block is not None and token not in s.b.held | s.b.forgiven:
        refuse(arg.span, f"{token.text()} on line {token.span.line} ended before, on this path")


def nowhere(s: Scope) -> Value:
    """A pointer for forms that no path leads to, where every operand is worth 0."""
    return s.b.emit(Op.CONST, imm=0, type=Type(Space.MEM))


def as_number(s: Scope, found: Value) -> Value:
    """The address that a pointer is, to calculate with. The verifier lets nobody do that with a
    pointer whose type it knows, so a helper copies it, which makes the verifier forget."""
    if found.type.space is not Space.BTF:
        return found
    slot, copy = s.b.stack(8), s.b.stack(8)
    s.b.store(slot, Mem(0, 8), found)
    s.b.call("probe_read_kernel", copy, s.b.const(8), slot)
    return s.b.load(copy, Mem(0, 8))


def described(found: Value) -> str:
    """What a value is, in the words of an error message."""
    return _WHAT[found.type.space]


_WHAT = {
    None: "a number",
    Space.CTX: "the context",
    Space.STACK: "a pointer to the stack",
    Space.MAP: "a map",
    Space.VALUE: "a pointer to a map's value",
    Space.RECORD: "a pointer to a record",
    Space.PACKET: "a pointer into the packet",
    Space.PACKET_END: "the packet's end",
    Space.KERNEL: "an address of the kernel's",
    Space.BTF: "a pointer to a struct of the kernel's, which programs only read",
    Space.USER: "an address of user space",
    Space.MEM: "a pointer to memory",
}


def _cure(space: Space | None) -> tuple[str, ...]:
    if space in (None, Space.KERNEL):
        return (
            "memory of the kernel is read by `(kernel-load type address offset)`, and copied by "
            "`(probe-read-kernel target size address)`",
        )
    if space is Space.USER:
        return ("memory of user space is read by `(probe-read-user pointer size address)`",)
    return ()


def misfit(pointer: Value, whole: bool = False) -> int | None:
    """How many bytes a pointer into what may be the stack is past a multiple of 8, where that is
    known; 0 for all other memory, in which any place is as good. What several paths bring is taken
    for the beginning of something if `whole` is set."""
    if pointer.type.space not in (Space.STACK, Space.MEM):
        return 0
    first, past = origin(pointer)
    return past % 8 if first.op is Op.STACK or (whole and first.op is Op.PARAM) else None


def origin(pointer: Value) -> tuple[Value, int]:
    """What a pointer was made from by known steps, and how many bytes before it that lies."""
    passed = 0
    while pointer.op is Op.ADD and (step := number(pointer.args[1])) is not None:
        pointer, passed = pointer.args[0], passed + signed(step)
    return pointer, passed


def room(s: Scope, pointer: Value) -> int | None:
    """The bytes that lie behind a pointer, where its origin tells: the stack, a record, a value."""
    first, passed = origin(pointer)
    size = first.imm if first.op is Op.STACK else None
    if first.op is Op.CALL and first.imm == "ringbuf_reserve":
        size = number(first.args[1])
    elif first.type.space is Space.VALUE and first.imm == "map_lookup_elem":
        declared = s.b.module.maps.get(str(first.args[0].imm))
        if isinstance(declared, PlainMap) and declared.value is not None:
            size = value_size(declared.value)
    return size - passed if isinstance(size, int) else None


def _check_inside(s: Scope, base: Value, offset: int, size: int) -> None:
    """Refuse an access beside memory whose size is known."""
    behind = room(s, base)
    if behind is None:
        return
    before = origin(base)[1]
    if offset + size > behind or offset + before < 0:
        whole = behind + before
        refuse(
            s.b.span,
            f"{size} byte{'s' * (size > 1)} at {offset + before} would lie outside: "
            f"{described(base)} leads to {whole} byte{'s' * (whole > 1)} here",
        )


def load(s: Scope, base: Value, offset: int, size: int) -> Value:
    """What memory holds at an offset from a pointer, zero-extended.

    The verifier takes none of the stack but at multiples of its size: there it is put together.
    """
    _check_inside(s, base, offset, size)
    past = misfit(base, whole=True)
    if past is None or not (offset + past) % size:
        return _load_at(s, base, offset, size)
    found = s.b.const(0)
    for at, width in aligned(offset + past, size):
        part = _load_at(s, base, at - past, width)
        part = s.b.emit(Op.SHL, part, s.b.const(8 * (at - past - offset)))
        found = s.b.emit(Op.OR, found, part)
    return found


def _load_at(s: Scope, base: Value, offset: int, size: int) -> Value:
    if not -0x8000 <= offset < 0x7FF0:
        base, offset = s.b.at(base, offset), 0
    return s.b.load(base, Mem(offset, size))


def store(s: Scope, base: Value, offset: int, size: int, new: Value) -> None:
    """Store the low bytes of a value, in parts where the verifier takes no other."""
    _check_inside(s, base, offset, size)
    past = misfit(base, whole=True)
    fits = past is None or not (offset + past) % size
    if size < 8 or not fits:
        new = as_number(s, new)
    if past is None or fits:
        _store_at(s, base, offset, size, new)
        return
    for at, width in aligned(offset + past, size):
        part = s.b.emit(Op.LSHR, new, s.b.const(8 * (at - past - offset)))
        _store_at(s, base, at - past, width, part)


def _store_at(s: Scope, base: Value, offset: int, size: int, new: Value) -> None:
    if not -0x8000 <= offset < 0x7FF0:
        base, offset = s.b.at(base, offset), 0
    s.b.store(base, Mem(offset, size), new)


def _offset(s: Scope, arg: Operand) -> int:
    return signed(constant(s, arg, "an offset"))


def _moved(s: Scope, base: Value, arg: Operand) -> tuple[Value, int]:
    """Where an offset leads: a pointer, and as much of the offset as is known while compiling."""
    found = value(s, arg)
    if (known := number(found)) is not None:
        return base, signed(known)
    from kring.frontend.lisp.arithmetic import add

    return add(s, base, found, arg.span), 0


def _load(s: Scope, args: list[Operand]) -> Value:
    size = size_of(args[0])
    base, offset = pointer(s, args[1]), 0
    if args[2:]:
        base, offset = _moved(s, base, args[2])
    return load(s, base, offset, size)


def _store(s: Scope, args: list[Operand]) -> Value:
    size = size_of(args[0])
    base, offset = _moved(s, pointer(s, args[1], written=True), args[2])
    new = value(s, args[3])
    store(s, base, offset, size, new)
    return s.b.const(0)


def _atomic_add(s: Scope, args: list[Operand]) -> Value:
    size = size_of(args[3]) if args[3:] else 8
    base = pointer(s, args[0], written=True)
    if size not in (4, 8):
        refuse(args[3].span, f"the kernel adds atomically to u32 and u64, not {type_name(args[3])}")
    if base.type.space in (Space.CTX, Space.PACKET):
        refuse(args[0].span, "nothing is added atomically to the packet or to the context")
    offset, more = _offset(s, args[1]), value(s, args[2])
    if offset % size:
        refuse(args[1].span, f"offset {offset} is no multiple of {size}, the size of what is added")
    _check_inside(s, base, offset, size)
    s.b.emit(Op.ATOMIC_ADD, s.b.at(base, 0), more, imm=Mem(offset, size))
    return s.b.const(0)


def _stack_addr(s: Scope, args: list[Operand]) -> Value:
    if not isinstance(args[0].form, Symbol):
        refuse(args[0].span, f"{show(args[0].form)} is no variable", "bind it with `let` first")
    name = variable(s, args[0].form, args[0].span)
    if name in s.slots:
        return s.slots[name]
    found = value(s, args[0])
    if name not in s.addressed and found.type.space is None:
        s.addressed[name], s.again = True, True
    copy = s.b.stack(8)
    s.b.store(copy, Mem(0, 8), found)
    return copy


def struct_size(s: Scope, arg: Operand, what: str, largest: int = _LARGEST) -> int:
    """A number of bytes that is known while compiling and not 0."""
    size = signed(constant(s, arg, what))
    if not 0 < size <= largest:
        refuse(arg.span, f"{what} is {size}; it is from 1 to {largest}")
    return size


def _struct_alloc(s: Scope, args: list[Operand]) -> Value:
    size = struct_size(s, args[0], "the size of memory on the stack")
    return zeroed(s, size)


def zeroed(s: Scope, size: int) -> Value:
    """So many bytes of the stack, all of them 0."""
    memory = s.b.stack(size)
    for start, width in aligned(0, size):
        s.b.emit(Op.ZERO, memory, imm=Mem(start, width))
    return memory


def _memset(s: Scope, args: list[Operand]) -> Value:
    base = pointer(s, args[0], written=True)
    start, fill = _offset(s, args[1]), value(s, args[2])
    if fill.type.space is not None:
        refuse(args[2].span, f"memory is filled with a number; this is {described(fill)}")
    size = struct_size(s, args[3], "how much is filled")
    _check_inside(s, base, start, size)
    low = s.b.emit(Op.AND, fill, s.b.const(0xFF))
    words = {1: low}
    for width in (2, 4, 8):
        words[width] = s.b.emit(Op.MUL, low, s.b.const(int.from_bytes(b"\1" * width, "little")))
    past = misfit(base)
    for at, width in _steps(start, size, past):
        _store_at(s, base, at, width, words[width])
    return s.b.const(0)


def _steps(start: int, size: int, past: int | None) -> Iterator[tuple[int, int]]:
    """Offsets and sizes of the widest accesses from a pointer that is so far from a multiple of 8,
    of single bytes where nobody knows."""
    if past is None:
        return ((at, 1) for at in range(start, start + size))
    return ((at - past, width) for at, width in aligned(start + past, size))


def _memcpy(s: Scope, args: list[Operand]) -> Value:
    target = pointer(s, args[0], written=True)
    to = _offset(s, args[1])
    source = pointer(s, args[2])
    start = _offset(s, args[3])
    size = struct_size(s, args[4], "how much is copied")
    _check_inside(s, target, to, size)
    _check_inside(s, source, start, size)
    here, there = misfit(target), misfit(source)
    step = 8
    if source.type.space in (Space.STACK, Space.MEM):
        apart = 1 if there is None else start + there - to - (here or 0)
        step = next(width for width in (8, 4, 2, 1) if not apart % width)
    for offset, width in _steps(to, size, here):
        for at in range(offset, offset + width, min(step, width)):
            copied = _load_at(s, source, at - to + start, min(step, width))
            _store_at(s, target, at, min(step, width), copied)
    return s.b.const(0)


FORMS.update(
    {
        "load": Rule("type pointer [offset]", _load),
        "store": Rule("type pointer offset value", _store),
        "atomic-add": Rule("pointer offset value [type]", _atomic_add),
        "stack-addr": Rule("variable", _stack_addr),
        "struct-alloc": Rule("size", _struct_alloc),
        "memset": Rule("pointer offset value size", _memset),
        "memcpy": Rule("target offset source offset size", _memcpy),
    }
)
