"""Shared memory changed at once: `+=` and its like, and the functions of `atomic`.

A place is a pointer, an offset and an integer type that the processor can change atomically; an
entry of a map may be missing, and then nothing changes and what was there reads 0.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence

from kring.decl import atomic
from kring.decl.struct import Field
from kring.decl.types import Bits, FieldType, IntType
from kring.frontend import contexts, integers
from kring.frontend.diagnose import refuse
from kring.frontend.expressions import evaluate, map_of, number, operate
from kring.frontend.frame import Frame
from kring.frontend.items import place
from kring.frontend.maps import entry, settle
from kring.frontend.memory import (
    check_constant,
    find_field,
    read,
    read_field,
    type_name,
    write,
    write_field,
)
from kring.frontend.places import written_struct
from kring.frontend.values import Ctx, Items, Num, Ref, Val
from kring.ir.core import Mem, Op, Span, Value
from kring.record import record

_IN_PLACE: dict[type[ast.operator], tuple[str, Op]] = {
    ast.Add: ("+=", Op.ATOMIC_ADD),
    ast.Sub: ("-=", Op.ATOMIC_ADD),
    ast.BitOr: ("|=", Op.ATOMIC_OR),
    ast.BitAnd: ("&=", Op.ATOMIC_AND),
    ast.BitXor: ("^=", Op.ATOMIC_XOR),
}

_CALLS: dict[Callable[..., int], tuple[str, Op, int]] = {
    atomic.fetch_add: ("fetch_add", Op.FETCH_ADD, 1),
    atomic.fetch_or: ("fetch_or", Op.FETCH_OR, 1),
    atomic.fetch_and: ("fetch_and", Op.FETCH_AND, 1),
    atomic.fetch_xor: ("fetch_xor", Op.FETCH_XOR, 1),
    atomic.exchange: ("exchange", Op.EXCHANGE, 1),
    atomic.compare_exchange: ("compare_exchange", Op.COMPARE_EXCHANGE, 2),
}


@record
class _Place:
    """An integer `offset` bytes after a pointer, and what to call it."""

    pointer: Value
    offset: int
    kind: IntType
    what: str


def operate_field(frame: Frame, owner: ast.expr, attr: str, node: ast.AugAssign) -> None:
    """`r.f += …`: atomic if others write the struct too."""
    b = frame.b
    ref = written_struct(frame, owner)
    if isinstance(ref, Ctx):
        old = contexts.read_number(frame, ref, attr, frame.at(node.target))
        new = operate(frame, node.op, old, number(frame, node.value), node)
        contexts.assign(frame, ref, attr, new, frame.at(node.target), frame.at(node.value))
        return
    field = find_field(ref.struct, attr, frame.at(node.target))
    if ref.shared and type(node.op) in _IN_PLACE and isinstance(field.type, IntType | Bits):
        spelled, op, operand = _in_place(frame, node)
        _emit(frame, op, _field(ref, field, f"`{spelled}`", frame.at(node)), [operand])
        return
    left = frame.number(read_field(b, ref, field), frame.at(node.target))
    write_field(b, ref, field, operate(frame, node.op, left, number(frame, node.value), node))


def _operate_element(
    frame: Frame, items: Items, owner: ast.expr, index: ast.expr, node: ast.AugAssign
) -> None:
    """`r.f[i] += …`: atomic if others write the array too."""
    b, kind = frame.b, items.type.element
    items, what = _element(frame, items, owner, index)
    if items.shared and type(node.op) in _IN_PLACE:
        spelled, op, operand = _in_place(frame, node)
        changed = _changeable(frame.at(node), kind, what, f"`{spelled}`")
        _emit(frame, op, _Place(items.pointer, items.offset, changed, what), [operand])
        return
    left = frame.number(read(b, items, items.offset, kind), frame.at(node.target))
    result = operate(frame, node.op, left, number(frame, node.value), node)
    write(b, items, items.offset, kind, result, what)


def _element(frame: Frame, items: Items, owner: ast.expr, index: ast.expr) -> tuple[Items, str]:
    """The array from an element on, and what to call that."""
    spelled, at = ast.unparse(owner), number(frame, index)
    frame.at(index)
    return place(frame.b, items, at, spelled), f"an element of {spelled}"


def operate_entry(frame: Frame, owner: ast.expr, index: ast.expr, node: ast.AugAssign) -> None:
    """`m[k] += …`, atomic; a hash inserts 0 first where the key is new."""
    if isinstance(items := evaluate(frame, owner), Items):
        _operate_element(frame, items, owner, index, node)
        return
    declaration, name = map_of(frame, owner, "+=")
    key = evaluate(frame, index)
    if type(node.op) not in _IN_PLACE:
        refuse(
            frame.at(node),
            f"in place, {name}[key] has only what is atomic: `+=`, `-=`, `|=`, `&=` and `^=`",
            f"write `{name}[key] = {name}.get(key, 0) …` if a lost update does not matter",
        )
    spelled, op, operand = _in_place(frame, node)
    kind = _entry_type(declaration.types[-1], name, f"`{spelled}`", frame.at(node))
    pointer = entry(frame.b, declaration, name, key)
    place = _Place(pointer, 0, kind, f"a value of {name!r}")
    found, after = frame.b.join(), frame.b.join()
    frame.b.branch(pointer, found, after)
    frame.b.enter(found)
    _emit(frame, op, place, [operand])
    frame.b.jump(after)
    frame.b.enter(after)


def _in_place(frame: Frame, node: ast.AugAssign) -> tuple[str, Op, Num]:
    """The operator as written, its operation and what that takes."""
    spelled, op = _IN_PLACE[type(node.op)]
    operand = number(frame, node.value)
    return spelled, op, integers.negate(frame.b, operand) if spelled == "-=" else operand


def call(frame: Frame, node: ast.Call, function: Callable[..., int]) -> Val:
    """What a function of `atomic` gives: its first argument is a place."""
    name, op, wanted = _CALLS[function]
    span = frame.at(node)
    if node.keywords or len(node.args) != wanted + 1:
        more = "a value" if wanted == 1 else "the expected and the new value"
        refuse(span, f"{name}() takes a place and {more}", f"`atomic.{name}(t.field, …)`")
    target, *rest = node.args
    match target:
        case ast.Attribute(owner, attr):
            return _call_field(frame, op, name, (target, owner, attr), rest, span)
        case ast.Subscript(owner, index):
            if isinstance(items := evaluate(frame, owner), Items):
                return _call_element(frame, op, name, (items, target), rest, span)
            declaration, map_name = map_of(frame, owner, "+=")
            key = evaluate(frame, index)
            operands = [number(frame, arg) for arg in rest]
            at = frame.at(target)
            kind = _entry_type(declaration.types[-1], map_name, f"{name}()", at)
            pointer = entry(frame.b, declaration, map_name, key)
            frame.at(node)
            place = _Place(pointer, 0, kind, f"a value of {map_name!r}")
            zero = Num(frame.b.const(0))
            return settle(frame.b, pointer, lambda: _emit(frame, op, place, operands), zero)
        case _:
            refuse(frame.at(target), *_NO_PLACE)


_NO_PLACE = (
    "only memory that others share is changed atomically",
    "a field of a struct in a map, an entry `m[k]` of integers, or a Global's `.value`",
)


def _call_field(
    frame: Frame,
    op: Op,
    name: str,
    place: tuple[ast.expr, ast.expr, str],
    rest: Sequence[ast.expr],
    span: Span,
) -> Num:
    target, owner, attr = place
    ref = written_struct(frame, owner)
    at = frame.at(target)
    if isinstance(ref, Ctx):
        refuse(at, *_NO_PLACE)
    field = find_field(ref.struct, attr, at)
    if not ref.shared:
        refuse(at, *_NO_PLACE)
    found = _field(ref, field, f"{name}()", at)
    operands = [number(frame, arg) for arg in rest]
    frame.b.span = span
    return _emit(frame, op, found, operands)


def _call_element(
    frame: Frame,
    op: Op,
    name: str,
    place: tuple[Items, ast.Subscript],
    rest: Sequence[ast.expr],
    span: Span,
) -> Num:
    items, target = place
    at = frame.at(target)
    if not items.shared:
        refuse(at, *_NO_PLACE)
    items, what = _element(frame, items, target.value, target.slice)
    kind = _changeable(at, items.type.element, what, f"{name}()")
    operands = [number(frame, arg) for arg in rest]
    frame.b.span = span
    return _emit(frame, op, _Place(items.pointer, items.offset, kind, what), operands)


def _field(ref: Ref, field: Field, spelled: str, span: Span) -> _Place:
    what = f"{ref.struct.__name__}.{field.name}"
    kind = _changeable(span, field.type, what, spelled)
    return _Place(ref.pointer, ref.offset + field.offset, kind, what)


def _entry_type(kind: FieldType, name: str, spelled: str, span: Span) -> IntType:
    if not isinstance(kind, IntType):
        refuse(span, f"the values of {name!r} are structs: change one of their fields")
    return _changeable(span, kind, f"a value of {name!r}", spelled)


def _changeable(span: Span, kind: FieldType, what: str, spelled: str) -> IntType:
    """The type again if the processor can change it atomically; else it is refused."""
    if isinstance(kind, IntType) and kind.size >= 4 and not kind.big:
        return kind
    refuse(
        span,
        f"{what} holds {type_name(kind)}: {spelled} on memory that others write too is atomic, and "
        "that needs a native integer of 32 or 64 bits",
        "declare it `u32` or `u64`, or write `x = x + 1` if a lost update does not matter",
    )


def _emit(frame: Frame, op: Op, place: _Place, operands: Sequence[Num]) -> Num:
    """The operation on the integer at a place, and what was there if it tells."""
    b, kind = frame.b, place.kind
    for operand in operands if op in (Op.EXCHANGE, Op.COMPARE_EXCHANGE) else ():
        check_constant(b, place.what, kind, operand)
    numbers = [operand.value for operand in operands]
    value = b.emit(op, place.pointer, *numbers, imm=Mem(place.offset, kind.size))
    if kind.signed and kind.size < 8:
        value = b.emit(Op.SEXT, value, imm=kind.size * 8)
    return Num(value, kind.signed or kind.size < 8)
