"""Assignments: to variables, to fields of structs and records, to entries of maps."""

from __future__ import annotations

import ast
from typing import Any, cast

from kring.decl.maps import MapDeclaration
from kring.decl.types import Bits, IntType, int_type
from kring.decl.variables import Global
from kring.frontend import integers
from kring.frontend.diagnose import refuse
from kring.frontend.expressions import evaluate, map_of, number, operate, unsupported
from kring.frontend.frame import Frame, cure
from kring.frontend.maps import ARRAYS, add, add_at, check_atomic, delete, store_existing, update
from kring.frontend.memory import find_field, read_field, write_field
from kring.frontend.values import Ctx, Num, Record, Ref, Static, Val, describe
from kring.frontend.variables import variable


def assign(frame: Frame, node: ast.Assign) -> None:
    """`x = …`, `r.f = …`, `m[k] = …`."""
    val = evaluate(frame, node.value)
    for target in node.targets:
        bind(frame, target, val, node.value)


def bind(frame: Frame, target: ast.expr, val: Val, source: ast.expr) -> None:
    """Bind a name, write a field, or store into a map what `source` gave."""
    match target:
        case ast.Name(name):
            frame.at(source)
            frame.bind(name, val)
        case ast.Attribute(owner, attr):
            ref = _place(frame, owner)
            field = find_field(ref.struct, attr, frame.at(target))
            frame.at(source)
            write_field(frame.b, ref, field, val)
        case ast.Subscript(owner, index):
            _store(frame, owner, index, val, source)
        case _:
            unsupported(frame, target)


def _place(frame: Frame, node: ast.expr) -> Ref:
    """The struct whose field is written."""
    val = evaluate(frame, node)
    span = frame.at(node)
    match val:
        case Ref():
            return val
        case Record(ref):
            return ref
        case Ctx():
            refuse(span, "the context cannot be written")
        case Static(declaration) if isinstance(declaration, Global):
            return variable(frame, cast("Global[Any]", declaration), ast.unparse(node), span)
        case Static(MapDeclaration()):
            refuse(span, "a map's declaration has no fields to write")
        case _:
            refuse(span, f"{describe(val)} has no fields to write", *cure(val))


def _store(frame: Frame, owner: ast.expr, index: ast.expr, val: Val, source: ast.expr) -> None:
    declaration, name = map_of(frame, owner)
    key = evaluate(frame, index)
    at = frame.at(source)
    frame.at(index)
    if declaration.type in ARRAYS and isinstance(declaration.types[-1], IntType):
        store_existing(frame.b, declaration, name, key, frame.number(val, at), at)
    else:
        update(frame.b, declaration, name, key, val, at)


def assign_typed(frame: Frame, node: ast.AnnAssign) -> None:
    """`x: u8 = …`, which truncates."""
    if not isinstance(node.target, ast.Name):
        refuse(frame.at(node), "only a variable can be annotated")
    name = node.target.id
    if node.value is None:
        refuse(frame.at(node), f"give it a value: `{name}: {frame.declared[name].name} = …`")
    val = number(frame, node.value)
    frame.at(node.value)
    frame.bind(name, val)


def declare(frame: Frame, statements: list[ast.stmt]) -> None:
    """Note the types of annotated variables; one holds for all of the function."""
    for node in (inner for top in statements for inner in ast.walk(top)):
        if not (isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)):
            continue
        name = node.target.id
        kind = int_type(frame.annotation(node.annotation))
        span = frame.at(node.annotation)
        if kind is None:
            refuse(span, "a variable's type is an integer type, as in `x: u32 = …`")
        if frame.declared.setdefault(name, kind) != kind:
            refuse(span, f"{name!r} is {frame.declared[name].name} already")


def assign_operated(frame: Frame, node: ast.AugAssign) -> None:
    """`x += …` and its like; atomic on memory that others write too."""
    target = node.target
    match target:
        case ast.Name():
            left = number(frame, ast.copy_location(ast.Name(target.id, ast.Load()), target))
            frame.bind(target.id, operate(frame, node.op, left, number(frame, node.value), node))
        case ast.Attribute(owner, attr):
            _operate_field(frame, _place(frame, owner), attr, node)
        case ast.Subscript(owner, index):
            _operate_entry(frame, owner, index, node)


def _operate_field(frame: Frame, ref: Ref, attr: str, node: ast.AugAssign) -> None:
    b = frame.b
    field = find_field(ref.struct, attr, frame.at(node.target))
    amount = _amount(frame, node)
    if ref.shared and amount and isinstance(field.type, IntType | Bits):
        frame.at(node)
        kind = check_atomic(b, field.type, f"{ref.struct.__name__}.{attr}")
        add_at(b, ref.pointer, ref.offset + field.offset, kind, amount.value)
        return
    left = frame.number(read_field(b, ref, field), frame.at(node.target))
    right = number(frame, node.value) if amount is None else amount
    op = node.op if amount is None else ast.Add()
    write_field(b, ref, field, operate(frame, op, left, right, node))


def _amount(frame: Frame, node: ast.AugAssign) -> Num | None:
    """What `+=` and `-=` add; None for other operators."""
    match node.op:
        case ast.Add():
            return number(frame, node.value)
        case ast.Sub():
            return integers.negate(frame.b, number(frame, node.value))
        case _:
            return None


def _operate_entry(frame: Frame, owner: ast.expr, index: ast.expr, node: ast.AugAssign) -> None:
    declaration, name = map_of(frame, owner)
    key = evaluate(frame, index)
    amount = _amount(frame, node)
    if amount is None:
        refuse(
            frame.at(node),
            f"{name}[key] can be added to and subtracted from in place",
            f"write `{name}[key] = {name}.get(key, 0) …` if a lost update does not matter",
        )
    frame.at(node)
    add(frame.b, declaration, name, key, amount)


def delete_entry(frame: Frame, node: ast.Delete) -> None:
    """`del m[k]`; a key that is not there changes nothing."""
    for target in node.targets:
        if not isinstance(target, ast.Subscript):
            refuse(frame.at(target), "`del` removes a key from a map: `del m[key]`")
        declaration, name = map_of(frame, target.value)
        key = evaluate(frame, target.slice)
        frame.at(target)
        delete(frame.b, declaration, name, key)
