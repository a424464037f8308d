"""Numbers: 64 bits each, unsigned unless the form's name says otherwise.

Known operands are computed by the same rows of the IR that say what the instructions do.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce

from kring.frontend.diagnose import refuse
from kring.frontend.lisp.expressions import FORMS, constant, size_of, value
from kring.frontend.lisp.forms import Operand, show
from kring.frontend.lisp.memory import ADDRESSES, as_number, described
from kring.frontend.lisp.scope import Rule, Scope
from kring.ir.core import Op, Space, Span, Type, Value, number, signed


def add(s: Scope, left: Value, right: Value, span: Span) -> Value:
    """The sum; one of a pointer and a number leads into the same memory."""
    if right.op is Op.FIELD and left in (right.args[0], *right.args[0].args):
        s.unit.note(span, "this adds an address twice: the accessor of a field adds it already")
    if left.type.space is None and right.type.space is None:
        return s.b.emit(Op.ADD, left, right)
    if left.type.space is None:
        left, right = right, left
    return _moved(s, left, right, span, "+")


def subtract(s: Scope, left: Value, right: Value, span: Span) -> Value:
    """The difference; that of two pointers is a number."""
    if left.type.space is not None and right.type.space is None:
        return _moved(s, left, s.b.emit(Op.NEG, right), span, "-")
    if left.type.space is None and right.type.space not in ADDRESSES | {None}:
        refuse(span, f"{described(right)} cannot be taken from a number")
    return s.b.emit(Op.SUB, as_number(s, left), as_number(s, right))


def _moved(s: Scope, pointer: Value, distance: Value, span: Span, how: str) -> Value:
    space = pointer.type.space
    if space in (Space.MAP, Space.PACKET_END) or distance.type.space is not None:
        refuse(span, f"{described(pointer)} takes no part in {how}", "compare with it")
    if (known := number(distance)) is not None:
        return s.b.at(pointer, signed(known))
    pointer = as_number(s, pointer)
    return s.b.emit(Op.ADD, pointer, distance, type=Type(pointer.type.space))


def plain(s: Scope, arg: Operand) -> Value:
    """The operand's value, which must be a number and no pointer that the verifier follows."""
    found = value(s, arg)
    if found.type.space not in ADDRESSES | {None}:
        refuse(
            arg.span,
            f"a number is wanted here; {show(arg.form)} is {described(found)}",
            "pointers are added to and compared",
        )
    return as_number(s, found)


def _folded(step: Callable[[Scope, Value, Value, Span], Value]) -> Callable[..., Value]:
    def build(s: Scope, args: list[Operand]) -> Value:
        span = s.b.span
        found = value(s, args[0])
        for arg in args[1:]:
            other = value(s, arg)
            found = step(s, found, other, span)
        return found

    return build


def _plain(op: Op) -> Callable[[Scope, list[Operand]], Value]:
    def build(s: Scope, args: list[Operand]) -> Value:
        values = [plain(s, arg) for arg in args]
        return reduce(lambda left, right: s.b.emit(op, left, right), values)

    return build


def _minus(s: Scope, args: list[Operand]) -> Value:
    if len(args) == 1:
        return s.b.emit(Op.NEG, plain(s, args[0]))
    return _DIFFERENCE(s, args)


_DIFFERENCE = _folded(subtract)


def _divided(op: Op, what: str) -> Callable[[Scope, list[Operand]], Value]:
    divide = _plain(op)

    def build(s: Scope, args: list[Operand]) -> Value:
        for arg in args[1:]:
            if arg.form == 0 or arg.form is None:
                refuse(arg.span, f"{what} by 0")
        return divide(s, args)

    return build


def _shifted(op: Op) -> Callable[[Scope, list[Operand]], Value]:
    shift = _plain(op)

    def build(s: Scope, args: list[Operand]) -> Value:
        if isinstance(args[1].form, int):
            _check_count(args[1], args[1].form)
        return shift(s, args)

    return build


def _check_count(arg: Operand, count: int) -> None:
    if not 0 <= count < 64:
        refuse(arg.span, f"numbers have 64 bits, and cannot be shifted by {count}")


def _ash(s: Scope, args: list[Operand]) -> Value:
    moved = plain(s, args[0])
    count = signed(constant(s, args[1], "the count of ash"))
    _check_count(args[1], abs(count))
    return s.b.emit(Op.SHL if count > 0 else Op.LSHR, moved, s.b.const(abs(count)))


def _compared(op: Op) -> Callable[[Scope, list[Operand]], Value]:
    def build(s: Scope, args: list[Operand]) -> Value:
        left, right = (value(s, arg) for arg in args)
        return s.b.emit(op, left, right)

    return build


def _cast(s: Scope, args: list[Operand]) -> Value:
    bits = size_of(args[0]) * 8
    return s.b.emit(Op.ZEXT, plain(s, args[1]), imm=bits) if bits < 64 else value(s, args[1])


def _swapped(bits: int) -> Callable[[Scope, list[Operand]], Value]:
    return lambda s, args: s.b.emit(Op.BSWAP, plain(s, args[0]), imm=bits)


def _log2(s: Scope, args: list[Operand]) -> Value:
    """The position of the highest bit, found by halves; 0 of 0."""
    b = s.b
    rest, found = plain(s, args[0]), b.const(0)
    for step in (5, 4, 3, 2, 1, 0):
        high = b.emit(Op.NE, b.emit(Op.LSHR, rest, b.const(1 << step)), b.const(0))
        count = b.emit(Op.SHL, high, b.const(step))
        rest, found = b.emit(Op.LSHR, rest, count), b.emit(Op.OR, found, count)
    return found


_COMPARISONS = {
    "=": Op.EQ, "/=": Op.NE, "<": Op.ULT, "<=": Op.ULE, ">": Op.UGT, ">=": Op.UGE,
    "s<": Op.SLT, "s<=": Op.SLE, "s>": Op.SGT, "s>=": Op.SGE,
}  # fmt: skip
_BITWISE = {
    "logand": Op.AND, "logior": Op.OR, "logxor": Op.XOR,
    "bit-and": Op.AND, "bit-or": Op.OR, "bit-xor": Op.XOR,
}  # fmt: skip
_SHIFTS = {
    "<<": Op.SHL, ">>": Op.LSHR, ">>>": Op.ASHR,
    "ash-left": Op.SHL, "ash-right": Op.LSHR, "ash-right-signed": Op.ASHR,
}  # fmt: skip
_SWAPS = {"ntohs": 16, "htons": 16, "ntohl": 32, "htonl": 32, "ntohll": 64, "htonll": 64}

FORMS.update(
    {
        "+": Rule("a b [more…]", _folded(add)),
        "-": Rule("a [more…]", _minus),
        "*": Rule("a b [more…]", _plain(Op.MUL)),
        "/": Rule("a b [more…]", _divided(Op.UDIV, "division")),
        "mod": Rule("a b [more…]", _divided(Op.UMOD, "a remainder of division")),
        **{name: Rule("a b [more…]", _plain(op)) for name, op in _BITWISE.items()},
        **{name: Rule("a count", _shifted(op)) for name, op in _SHIFTS.items()},
        "ash": Rule("a count", _ash),
        **{name: Rule("a b", _compared(op)) for name, op in _COMPARISONS.items()},
        "cast": Rule("type value", _cast),
        **{name: Rule("value", _swapped(bits)) for name, bits in _SWAPS.items()},
        "log2": Rule("value", _log2),
    }
)
