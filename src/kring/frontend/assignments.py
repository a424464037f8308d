"""Assignments: to variables, to fields of structs and records, to entries of maps."""

from __future__ import annotations

import ast

from kring.decl.types import IntType, int_type
from kring.errors import CompileError
from kring.frontend import contexts
from kring.frontend.diagnose import refuse
from kring.frontend.expressions import evaluate, map_of, number, operate, unsupported
from kring.frontend.frame import Frame
from kring.frontend.items import assign_element
from kring.frontend.maps import ARRAYS, delete, store_existing, update
from kring.frontend.memory import find_field, kept, write_field
from kring.frontend.places import written_struct
from kring.frontend.recovery import report
from kring.frontend.values import Ctx, Items, Val


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
            frame.bind(name, kept(frame.b, name, val))
        case ast.Attribute(owner, attr):
            ref = written_struct(frame, owner)
            if isinstance(ref, Ctx):
                contexts.assign(frame, ref, attr, val, frame.at(target), frame.at(source))
                return
            field = find_field(ref.struct, attr, frame.at(target))
            frame.at(source)
            write_field(frame.b, ref, field, val)
        case ast.Subscript(owner, index):
            _store(frame, owner, index, val, source)
        case _:
            unsupported(frame, target)


def _store(frame: Frame, owner: ast.expr, index: ast.expr, val: Val, source: ast.expr) -> None:
    items = evaluate(frame, owner)
    if isinstance(items, Items):
        at, num = frame.at(source), number(frame, index)
        frame.at(index)
        assign_element(frame.b, items, num, val, ast.unparse(owner), at)
        return
    declaration, name = map_of(frame, owner, "[key]=")
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
        refuse(frame.at(node), f"give it a value: `{name}: {ast.unparse(node.annotation)} = …`")
    val = number(frame, node.value)
    frame.at(node.value)
    frame.bind(name, val)


def declare(frame: Frame, statements: list[ast.stmt]) -> None:
    """Note the types of annotated variables; one holds for all of the function."""
    for node in (inner for top in statements for inner in ast.walk(top)):
        if not (isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)):
            continue
        try:
            _declare(frame, node.target.id, node.annotation)
        except CompileError as error:
            report(frame, error)


def _declare(frame: Frame, name: str, annotation: ast.expr) -> None:
    kind = int_type(frame.annotation(annotation))
    span = frame.at(annotation)
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
            from kring.frontend.atomics import operate_field

            operate_field(frame, owner, attr, node)
        case ast.Subscript(owner, index):
            from kring.frontend.atomics import operate_entry

            operate_entry(frame, owner, index, node)


def delete_entry(frame: Frame, node: ast.Delete) -> None:
    """`del m[k]`; a key that is not there changes nothing."""
    for target in node.targets:
        if not isinstance(target, ast.Subscript):
            refuse(frame.at(target), "`del` removes a key from a map: `del m[key]`")
        declaration, name = map_of(frame, target.value, "del")
        key = evaluate(frame, target.slice)
        frame.at(target)
        delete(frame.b, declaration, name, key)
