"""Arguments of helpers: each checked against its kind, and made what a register can hold.

In:  a call being built, and what is given for its next argument.
Out: the IR value to pass.
Rule: what the verifier would refuse is refused here, at the argument.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable

from kring.abi.helpers import ACQUIRES, READS_PACKET, TRACED, Helper
from kring.abi.uapi import ProgType
from kring.btf.match import essential
from kring.decl.maps import MapDeclaration, value_size
from kring.decl.struct import sizeof
from kring.frontend import walk
from kring.frontend.bounds import bounds
from kring.frontend.diagnose import refuse
from kring.frontend.expressions import evaluate, map_of
from kring.frontend.frame import Frame, cure
from kring.frontend.maps import in_memory, key_in_memory
from kring.frontend.texts import encoded
from kring.frontend.values import (
    Ctx,
    KernelPtr,
    Lease,
    Num,
    Record,
    Ref,
    Static,
    Text,
    Token,
    Val,
    describe,
)
from kring.ir.core import Space, Span, Type, Value, number
from kring.record import field, record

_DYNPTR_SIZE = 16


@record
class _Buffer:
    """Memory given to a helper; `size` bytes may be accessed."""

    pointer: Value
    size: int


@record(frozen=False)
class Call:
    """A call being built: the map among its arguments so far, the last buffer, constant text,
    and the token of what the call gives back."""

    frame: Frame
    helper: Helper
    span: Span
    map: tuple[MapDeclaration, str] | None = None
    buffer: _Buffer | None = None
    format: tuple[str, Span] | None = None
    token: Token | None = None
    values: list[Value] = field(default_factory=list[Value])

    def what(self, at: int) -> str:
        """An argument in the words of an error message."""
        return f"{self.helper.params[at]!r} of {self.helper.name}()"


def argument(made: Call, at: int, kind: str, node: ast.expr) -> Value:
    """What stands for an argument; the call remembers what later ones depend on."""
    frame = made.frame
    if kind == "map":
        made.map = map_of(frame, node)
        _check_map(made, at, frame.at(node))
        return frame.b.map(made.map[1])
    val = evaluate(frame, node)
    span = frame.at(node)
    optional = at in made.helper.optional
    if isinstance(val, Static) and val.object is None and optional:
        made.buffer = _Buffer(frame.b.const(0), 0)
        return made.buffer.pointer
    return _ARGUMENTS[kind](made, at, val, span)


def _check_map(made: Call, at: int, span: Span) -> None:
    assert made.map is not None
    declaration, wanted = made.map[0], made.helper.more[at]
    if wanted and declaration.type.name not in wanted.split("|"):
        listed = ", ".join(wanted.split("|"))
        kind = type(declaration).__name__
        refuse(span, f"{made.helper.name}() takes a map of type {listed}; this is a {kind}")


def _wrong(made: Call, at: int, val: Val, span: Span, wanted: str, *notes: str) -> Value:
    refuse(span, f"{made.what(at)} is {wanted}; this is {describe(val)}", *notes, *cure(val, span))


def _int(made: Call, at: int, val: Val, span: Span) -> Value:
    return val.value if isinstance(val, Num) else _wrong(made, at, val, span, "an integer")


def _address(made: Call, at: int, val: Val, span: Span) -> Value:
    match val:
        case Num(value) | Text("kernel" | "user", Value() as value):
            return value
        case KernelPtr():
            return walk.address(made.frame.b, val)
        case _:
            return _wrong(made, at, val, span, "an address: an integer, or a kernel struct")


def _buffer(made: Call, at: int, val: Val, span: Span) -> Value:
    """Memory for the helper to read or to fill, kept in mind for the size that follows."""
    b, kind = made.frame.b, made.helper.args[at]
    match val:
        case Ref(pointer, struct, offset) | Record(Ref(pointer, struct, offset)):
            made.buffer = _Buffer(b.at(pointer, offset), sizeof(struct))
        case Text("memory", Value() as pointer, size):
            made.buffer = _Buffer(pointer, size)
        case Text("literal", literal=text) if kind == "in":
            made.buffer = _literal(made.frame, text)
        case Num() if kind != "in":
            _wrong(made, at, val, span, "memory to be filled", _CELL)
        case _:
            _wrong(made, at, val, span, "memory: a struct, or a string field of one", _CELL)
    assert made.buffer is not None
    space = made.buffer.pointer.type.space
    if space is Space.PACKET and made.helper.name not in READS_PACKET:
        refuse(
            span,
            f"{made.what(at)} cannot be memory of the packet",
            "copy it first: `own = Header(field=header.field, …)`",
        )
    if (fixed := made.helper.more[at]) and made.buffer.size < int(fixed):
        refuse(span, f"{made.what(at)} is {fixed} bytes; this is {made.buffer.size}")
    return made.buffer.pointer


_CELL = "an integer goes in a struct of its own: `class Cell(Struct): value: u64`, `Cell(value=0)`"


def _literal(frame: Frame, text: str) -> _Buffer:
    raw = encoded(text) + b"\0"
    return _Buffer(frame.b.constant(raw), len(raw))


def _size(made: Call, at: int, val: Val, span: Span) -> Value:
    """The bytes of the buffer before it, which the verifier must know to be there."""
    value, buffer = _int(made, at, val, span), made.buffer
    assert buffer is not None
    least = 0 if at in made.helper.optional else 1
    low, high = bounds(value)
    if low >= least and high <= buffer.size:
        return value
    if low == high:
        refuse(
            span,
            f"{made.what(at)} is {low}; the memory before it has {buffer.size} bytes",
            f"write `sizeof(T)`, or a number from {least} to {buffer.size}",
        )
    refuse(
        span,
        f"the verifier must know that {made.what(at)} is from {least} to {buffer.size}",
        f"write a constant such as `sizeof(T)`, or bound it: `n & {_mask(buffer.size)}`",
    )


def _mask(size: int) -> int:
    """The largest number of ones that is not beyond a size."""
    return (1 << (size + 1).bit_length() - 1) - 1


def _constant(made: Call, at: int, val: Val, span: Span) -> Value:
    """Text in memory that nobody can change."""
    match val:
        case Text("literal", literal=text):
            made.format = text, span
            return made.frame.b.constant(encoded(text) + b"\0")
        case _:
            return _wrong(made, at, val, span, "constant text, written as a literal")


_DIRECTIVE = re.compile(r"%(?:(%)|[-+ 0]*[0-9]*(?:ll?)?[diuxXpcs])")
"""What the kernel's formats know, as far as numbers go. See: bpf_bprintf_prepare."""


def check_format(made: Call) -> None:
    """A format shows no more than the numbers it is given, each in 8 bytes."""
    assert made.format is not None
    text, span = made.format
    if "%" in _DIRECTIVE.sub("", text):
        refuse(span, f"the kernel's formats know no such directive: {text!r}", _KNOWN)
    wanted = sum(not found[1] for found in _DIRECTIVE.finditer(text))
    size = number(made.values[-1])
    if size is None or size % 8 or size > 8 * _MOST_VALUES or wanted > size // 8:
        given = "a size that is not constant" if size is None else f"{size} bytes of values"
        refuse(
            span,
            f"{text!r} shows {wanted} values, and the call has {given}",
            f"give it a struct of one u64 for each, {_MOST_VALUES} at most, and its `sizeof(T)`",
        )


_KNOWN = "%d %i %u %x %X with a width and `l` or `ll`, %c, %s and %p, and %% for itself"
_MOST_VALUES = 12
"""MAX_BPRINTF_VARARGS."""


def _key(made: Call, at: int, val: Val, span: Span) -> Value:
    assert made.map is not None
    declaration, name = made.map
    return key_in_memory(made.frame.b, declaration, name, val)


def _value(made: Call, at: int, val: Val, span: Span) -> Value:
    assert made.map is not None
    declaration, name = made.map
    return in_memory(made.frame.b, declaration.types[-1], val, f"value of {name!r}")


def _into(made: Call, at: int, val: Val, span: Span) -> Value:
    assert made.map is not None
    declaration, name = made.map
    kind = declaration.types[-1]
    match val:
        case Ref(pointer, struct, offset) if sizeof(struct) == value_size(kind):
            return made.frame.b.at(pointer, offset)
        case _:
            wanted = f"memory for a value of {name!r}, {value_size(kind)} bytes"
            return _wrong(made, at, val, span, wanted, _CELL)


def _context(made: Call, at: int, val: Val, span: Span) -> Value:
    struct = TRACED.get(made.helper.name)
    if struct is not None and made.frame.program.kind.type in _TRACING:
        return _kernel(made, at, val, span, struct)
    match val:
        case Ctx(pointer):
            return pointer
        case Static(None):
            return made.frame.b.context
        case _:
            return _wrong(
                made, at, val, span, "the context",
                "give it the program's parameter; None where its parameters are arguments",
            )  # fmt: skip


_TRACING = frozenset((ProgType.TRACING, ProgType.LSM, ProgType.SYSCALL))


def _kernel(made: Call, at: int, val: Val, span: Span, struct: str = "") -> Value:
    wanted = struct or made.helper.more[at]
    match val:
        case KernelPtr(pointer, shown) if not wanted or essential(shown.__name__) == wanted:
            if made.helper.name in ACQUIRES.values():
                _check_leased(made, val, span)
            if pointer.type.space is not Space.BTF:
                refuse(
                    span,
                    f"{made.what(at)} is a pointer that the verifier knows; this is an address",
                    "take one that the program was given, or `current.task`",
                )
            return walk.address(made.frame.b, val)
        case _:
            return _wrong(made, at, val, span, f"a {wanted or 'kernel struct'}")


def _check_leased(made: Call, val: KernelPtr, span: Span) -> None:
    """What a helper gives back was given by one of those it undoes."""
    name = f"helpers.{made.helper.name}"
    if not isinstance(val.token, Lease) or val.token.release != name:
        some = [f"{name}()" for name, end in ACQUIRES.items() if end == made.helper.name]
        what = f"{made.helper.name}() gives back what {', '.join(some)} gave"
        refuse(span, f"{what}; this {val.struct.__name__} is not of them")
    made.token = val.token


def _dynptr(made: Call, at: int, val: Val, span: Span) -> Value:
    match val:
        case Ref(Value(type=Type(Space.STACK)) as pointer, struct, 0) if (
            sizeof(struct) == _DYNPTR_SIZE
        ):
            return pointer
        case _:
            return _wrong(
                made, at, val, span, "a dynamic pointer, which lives on the stack",
                "declare `class bpf_dynptr(Struct):` of two u64 and make one: `bpf_dynptr()`",
            )  # fmt: skip


_ARGUMENTS: dict[str, Callable[[Call, int, Val, Span], Value]] = {
    "int": _int,
    "addr": _address,
    "size": _size,
    **dict.fromkeys(("in", "out", "inout", "kept"), _buffer),
    "key": _key,
    "value": _value,
    "into": _into,
    "ctx": _context,
    "btf": _kernel,
    "dynptr": _dynptr,
    "str": _constant,
}
