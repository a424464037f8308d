"""Comparisons of strings, arrays and structs, which part a path in several steps."""

from __future__ import annotations

from kring.decl.struct import Field, fields
from kring.decl.types import ArrayType
from kring.frontend import integers, items, texts
from kring.frontend.builder import Builder, Join
from kring.frontend.diagnose import refuse
from kring.frontend.frame import Decision
from kring.frontend.memory import read_field
from kring.frontend.values import Items, KernelArray, Num, Ref, Text, Val, describe
from kring.ir.core import Span


def compared(b: Builder, op: str, left: Val, right: Val, span: Span) -> Decision | None:
    """`left op right`, where both are strings, arrays or structs; None if neither is."""
    left, right = _at_hand(b, left), _at_hand(b, right)
    same = _sameness(b, left, right, span)
    if same is None:
        return None
    if op not in ("==", "!="):
        refuse(
            span,
            f"{describe(left)} has no order in a program",
            "compare with `==` and `!=`, or the integers inside with `<` and its like",
        )
    return same if op == "==" else Decision(lambda then, otherwise: same.go(otherwise, then))


def _at_hand(b: Builder, val: Val) -> Val:
    """The value where it can be looked at: of an array of the kernel, a copy."""
    if not isinstance(val, KernelArray):
        return val
    from kring.frontend.elements import whole

    return whole(b, val)


def _sameness(b: Builder, left: Val, right: Val, span: Span) -> Decision | None:
    match left, right:
        case Text(), Text():
            return Decision(lambda then, otherwise: texts.equal(b, left, right, then, otherwise))
        case Ref(_, struct), Ref(_, other) if struct is other:
            return Decision(lambda then, otherwise: _structs(b, left, right, then, otherwise))
        case _ if items.is_array(left) and items.is_array(right):
            items.check(b, left, right)
            return Decision(lambda then, otherwise: items.equal(b, left, right, then, otherwise))
        case _:
            kinds = [_is_object(val) for val in (left, right)]
            if all(kinds) or (any(kinds) and any(isinstance(val, Num) for val in (left, right))):
                refuse(span, f"{describe(left)} is never {describe(right)}", *_cures(left, right))
            return None


def _is_object(val: Val) -> bool:
    return isinstance(val, Text | Ref | Items) or items.is_array(val)


def _cures(left: Val, right: Val) -> tuple[str, ...]:
    if any(isinstance(val, Text) for val in (left, right)) and any(
        map(items.is_array, (left, right))
    ):
        return ('a string compares with `"…"`, an array of u8 with `b"…"`',)
    return ("compare things of one kind",)


def _structs(b: Builder, left: Ref, right: Ref, then: Join, otherwise: Join) -> None:
    """Field by field, as their Python objects compare."""
    for field in fields(left.struct):
        following = b.join()
        _fields(b, left, right, field, following, otherwise)
        b.enter(following)
        if b.block is None:
            return
    b.jump(then)


def _fields(b: Builder, left: Ref, right: Ref, field: Field, then: Join, otherwise: Join) -> None:
    one, other = read_field(b, left, field), read_field(b, right, field)
    match one, other:
        case Num(), Num():
            b.branch(integers.compare(b, "==", one, other), then, otherwise)
        case Text(), Text():
            texts.equal(b, one, other, then, otherwise)
        case Ref(), Ref():
            _structs(b, one, other, then, otherwise)
        case Items(type=ArrayType(element)), _ if isinstance(element, type):
            refuse(
                b.span,
                f"{left.struct.__name__}.{field.name} is an array of structs, which do not compare",
                "compare the fields that matter",
            )
        case _:
            items.equal(b, one, other, then, otherwise)
