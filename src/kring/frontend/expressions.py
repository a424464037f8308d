"""Python expressions → values: names, fields, operators and calls."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NoReturn, cast

from kring.decl.inside import Current
from kring.decl.kernel import KernelEnum, KernelStruct
from kring.decl.maps import MapDeclaration
from kring.decl.programs import Program
from kring.decl.variables import Global
from kring.errors import KringError
from kring.frontend import contexts, integers, walk
from kring.frontend.diagnose import Follows, did_you_mean, refuse
from kring.frontend.frame import Decision, Frame, Pending, as_number, cure
from kring.frontend.kernel import CURRENT
from kring.frontend.maps import (
    ARRAYS,
    check_program,
    check_use,
    lookup,
    settle,
    value_at,
)
from kring.frontend.memory import find_field, kept, read_field
from kring.frontend.values import (
    Ctx,
    Gone,
    Items,
    KernelArray,
    KernelPtr,
    Maybe,
    Mixed,
    Nothing,
    Num,
    Poison,
    Record,
    Ref,
    Static,
    Text,
    Unbound,
    Val,
    describe,
)
from kring.frontend.variables import variable
from kring.ir.core import Op
from kring.record import replace
from kring.spelling import suggestion

if TYPE_CHECKING:
    pass


def evaluate(frame: Frame, node: ast.expr) -> Val:
    """The value of an expression; a lookup's result, taken now, may be None."""
    return taken(frame, node, pending(frame, node))


def taken(frame: Frame, node: ast.expr, found: Val | Pending | Decision) -> Val:
    """What was put off, done now."""
    match found:
        case Pending(pointer, take, unsure):
            span = frame.at(node)
            if unsure:
                refuse(span, *unsure)
            return settle(frame.b, pointer, take)
        case Decision():
            frame.at(node)
            return as_number(frame.b, found)
        case _:
            return found


def pending(frame: Frame, node: ast.expr) -> Val | Pending | Decision:
    """The value of an expression, or a lookup or a decision that has not been taken yet."""
    build = EXPRESSIONS.get(type(node))
    if build is None:
        unsupported(frame, node)
    frame.at(node)
    found = build(frame, node)
    if isinstance(found, Poison):
        raise Follows("this follows from an error before")
    return found


def number(frame: Frame, node: ast.expr) -> Num:
    """The integer an expression gives."""
    val = evaluate(frame, node)
    return frame.number(val, frame.at(node))


def unsupported(frame: Frame, node: ast.expr | ast.stmt) -> NoReturn:
    """Refuse a construct at its own place, saying what to write instead."""
    what, instead = UNSUPPORTED.get(
        type(node), (f"`{type(node).__name__}` is not part of a program", "")
    )
    refuse(frame.at(node), what, *([instead] if instead else []))


UNSUPPORTED: dict[type[ast.AST], tuple[str, str]] = {
    ast.Try: ("a program has no exceptions to catch", "test results with `if`"),
    ast.TryStar: ("a program has no exceptions to catch", "test results with `if`"),
    ast.ListComp: ("a program has no lists", "write a `for … in range(…)` loop"),
    ast.SetComp: ("a program has no sets", "use a `Hash` map"),
    ast.DictComp: ("a program has no dicts", "use a `Hash` map"),
    ast.GeneratorExp: ("a program has no generators", "write a `for … in range(…)` loop"),
    ast.List: ("a program has no lists", "use an `Array` map"),
    ast.Tuple: ("a program has no tuples", "assign one name at a time, compare one by one"),
    ast.Set: ("a program has no sets", "use a `Hash` map"),
    ast.Dict: ("a program has no dicts", "use a `Hash` map"),
    ast.JoinedStr: (
        "a program cannot format strings",
        "send the values as fields and format them where you read the records",
    ),
    ast.Lambda: ("a program has no functions as values", "write the expression where it is used"),
    ast.Await: ("a program cannot wait", "`async` belongs where the records are read"),
    ast.AsyncFor: ("a program cannot wait", "`async` belongs where the records are read"),
    ast.AsyncWith: ("a program cannot wait", "write `with`"),
    ast.AsyncFunctionDef: ("a program cannot wait", "write `def`"),
    ast.Yield: ("a program cannot yield", "send a record: `with events.reserve() as e:`"),
    ast.YieldFrom: ("a program cannot yield", "send a record: `with events.reserve() as e:`"),
    ast.FunctionDef: ("a program defines no functions", "write the code where it is used"),
    ast.ClassDef: ("a program defines no classes", "define the class outside"),
    ast.Import: ("a program imports nothing", "import at the top of the file"),
    ast.ImportFrom: ("a program imports nothing", "import at the top of the file"),
    ast.Global: ("a program's variables are its own", "share values through a map"),
    ast.Nonlocal: ("a program's variables are its own", "share values through a map"),
    ast.Starred: ("a program has no lists to unpack", "pass the arguments one by one"),
    ast.Slice: (
        "a program cannot slice",
        "take elements one by one; strings are cut to fit where they are assigned",
    ),
}
"""What each construct that Python has and programs lack is refused with."""


# Names and constants


def _constant(frame: Frame, node: ast.Constant) -> Val:
    match node.value:
        case bool() | int() as value:
            return _integer(frame, value)
        case float():
            refuse(
                frame.b.span,
                "BPF has no floating point",
                "use integers in a smaller unit: nanoseconds, per mille, …",
            )
        case str() as literal:
            return Text("literal", literal=literal)
        case other:
            return Static(other)


def _integer(frame: Frame, value: int) -> Num:
    try:
        return integers.constant(frame.b, int(value))
    except OverflowError:
        refuse(frame.b.span, f"{value} does not fit in 64 bits")


def _name(frame: Frame, node: ast.Name) -> Val:
    name = node.id
    if name in frame.unknown:
        return Poison()
    if name not in frame.local:
        if name not in frame.outer:
            known = [*frame.outer, *frame.local]
            refuse(frame.b.span, f"no name {name!r} here.{suggestion(name, known)}")
        return static(frame, frame.outer[name])
    match frame.b.env.get(name, Unbound()):
        case Unbound():
            refuse(
                frame.b.span,
                f"{name!r} may not be bound here: not every path assigns it",
                "give it a value before the branch, loop or block that assigns it",
            )
        case Gone(span, how, what):
            refuse(frame.b.span, f"{name!r} was {how} on line {span.line}; the {what} is gone")
        case Mixed(one, other):
            refuse(
                frame.b.span,
                f"{name!r} is {one} on one path to here and {other} on another",
                "leave one of the paths, or give the two things two names",
            )
        case Num() as val:
            return replace(val, written=False)
        case Nothing():
            return Static(None)
        case val:
            return val


def static(frame: Frame, thing: object) -> Val:
    """What a Python object from outside the program means in it."""
    if isinstance(thing, int):
        return _integer(frame, thing)
    if isinstance(thing, str):
        return Text("literal", literal=thing)
    if isinstance(thing, float):
        refuse(
            frame.b.span,
            f"{thing!r} is a float, and BPF has no floating point",
            "use integers in a smaller unit: nanoseconds, per mille, …",
        )
    return Static(thing)


# Fields


def _attribute(frame: Frame, node: ast.Attribute) -> Val:
    base = evaluate(frame, node.value)
    span = frame.at(node)
    match base:
        case Ref():
            return read_field(frame.b, base, find_field(base.struct, node.attr, span))
        case Record(ref):
            return read_field(frame.b, ref, find_field(ref.struct, node.attr, span))
        case KernelPtr():
            return walk.struct_field(frame.b, base, node.attr, span)
        case Ctx():
            return contexts.field(frame, base, node.attr, span)
        case Static(Current()):
            if node.attr not in CURRENT:
                hint = did_you_mean(node.attr, list(CURRENT))
                refuse(span, f"`current` has no {node.attr!r}. {hint}")
            val = CURRENT[node.attr](frame.b)
            return own_view(frame, val) if isinstance(val, KernelPtr) else val
        case Static(declaration) if isinstance(declaration, Global):
            found = cast("Global[Any]", declaration)
            ref = variable(frame, found, ast.unparse(node.value), span)
            return read_field(frame.b, ref, find_field(ref.struct, node.attr, span))
        case Static(type() as enum) if issubclass(enum, KernelEnum):
            return walk.enum_value(frame.b, enum, node.attr, span)
        case Static(None | MapDeclaration() | Program()):
            refuse(span, f"{describe(base)} has no field {node.attr!r}")
        case Static(owner):
            return _static_attribute(frame, owner, node.attr)
        case Maybe():
            span = frame.at(node.value)
            refuse(span, f"this is {describe(base)}, so it has no field yet", *cure(base, span))
        case _:
            refuse(span, f"{describe(base)} has no field {node.attr!r}")


def own_view(frame: Frame, pointer: KernelPtr) -> KernelPtr:
    """The pointer, seen through the author's own class of the struct's name if there is one."""
    own = frame.outer.get(pointer.struct.__name__)
    if isinstance(own, type) and issubclass(own, KernelStruct):
        return replace(pointer, struct=own)
    return pointer


HELPERS = "kring.helpers"
"""The module of the functions that stand for the kernel's."""


def _static_attribute(frame: Frame, owner: object, name: str) -> Val:
    try:
        return static(frame, getattr(owner, name))
    except AttributeError as error:
        if getattr(owner, "__name__", "") == HELPERS:
            hint = suggestion(name.removeprefix("bpf_"), list(vars(owner)))
            refuse(
                frame.b.span,
                f"there is no helper {name!r}.{hint}",
                "a helper has the name that <linux/bpf.h> gives it, without `bpf_`",
            )
        refuse(frame.b.span, str(error))


def _subscript(frame: Frame, node: ast.Subscript) -> Val | Pending:
    if isinstance(node.slice, ast.Slice):
        unsupported(frame, node.slice)
    if frame.program.kind.context == "tracepoint":
        from kring.frontend import events

        if (found := events.element(frame, node)) is not None:
            return found
    owner = evaluate(frame, node.value)
    if isinstance(owner, KernelArray):
        from kring.frontend.elements import element

        index = number(frame, node.slice)
        return element(frame.b, owner, index, frame.at(node.slice))
    if isinstance(owner, Items):
        from kring.frontend import items

        index = number(frame, node.slice)
        frame.at(node.slice)
        return items.element(frame.b, owner, index, ast.unparse(node.value))
    if isinstance(owner, Text):
        cure = "compare with `.startswith()`, or do it where you read the records"
        refuse(frame.at(node), "a program cannot take a string apart", cure)
    declaration, name = map_of(frame, node.value, "[key]")
    key = evaluate(frame, node.slice)
    frame.at(node)
    if declaration.type not in ARRAYS:
        refuse(
            frame.b.span,
            f"{name}[key] may not exist",
            f"use {name}.get(key), which may be None, or {name}.get(key, 0)",
        )
    if isinstance(declaration.types[-1], type) and isinstance(key, Num):
        from kring.frontend import arrays

        if arrays.inside(frame.b, declaration, key):
            return arrays.entry(frame, declaration, name, key)
    _, pointer = lookup(frame.b, declaration, name, key)
    if isinstance(declaration.types[-1], type):
        unsure = (
            f"{name}[i] may lie beyond the array's end, where there is no struct",
            f"compare {name}.get(i) with None, or give an index that is surely inside",
        )
        return Pending(pointer, lambda: value_at(frame.b, declaration, pointer), unsure)
    zero = Num(frame.b.const(0))
    return settle(frame.b, pointer, lambda: value_at(frame.b, declaration, pointer), zero)


def map_of(frame: Frame, node: ast.expr, use: str = "") -> tuple[MapDeclaration, str]:
    """The map an expression names, and the name it has in the kernel; it must have the `use`."""
    val = evaluate(frame, node)
    span = frame.at(node)
    match val:
        case Static(MapDeclaration() as declaration):
            spelled = node.attr if isinstance(node, ast.Attribute) else ast.unparse(node)
            try:
                name = frame.map_name(declaration, spelled)
            except KringError as error:
                refuse(span, str(error))
            check_program(span, declaration, frame.program)
            if use:
                check_use(span, declaration, name, use)
            return declaration, name
        case _:
            refuse(span, f"a map is wanted here; this is {describe(val)}", *cure(val, span))


# Operators


def _binary(frame: Frame, node: ast.BinOp) -> Val:
    return operate(frame, node.op, number(frame, node.left), number(frame, node.right), node)


def operate(
    frame: Frame, op: ast.operator, left: Num, right: Num, node: ast.expr | ast.stmt
) -> Num:
    """`left op right` by the rules of `integers`."""
    span = frame.at(node)
    spelled = _OPERATORS.get(type(op))
    if spelled is not None:
        result = integers.binary(frame.b, spelled, left, right)
        return replace(result, written=left.written and right.written)
    if isinstance(op, ast.Div):
        refuse(span, "`/` gives fractions, and BPF has no floating point", "write `//`")
    if isinstance(op, ast.Pow) and (known := integers.known(left, right)):
        base, exponent = known
        if 0 <= exponent <= 64:
            return _integer(frame, base**exponent)
    instead = "write the product out: `x * x`" if isinstance(op, ast.Pow) else ""
    symbol = "**" if isinstance(op, ast.Pow) else "@"
    refuse(span, f"a program has no operator `{symbol}`", *([instead] if instead else []))


_OPERATORS: dict[type[ast.operator], str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.FloorDiv: "//",
    ast.Mod: "%",
    ast.BitAnd: "&",
    ast.BitOr: "|",
    ast.BitXor: "^",
    ast.LShift: "<<",
    ast.RShift: ">>",
}


def _unary(frame: Frame, node: ast.UnaryOp) -> Val:
    match node.op:
        case ast.USub() if isinstance(node.operand, ast.Constant) and (
            isinstance(node.operand.value, int)
        ):
            return _integer(frame, -node.operand.value)
        case ast.USub():
            return integers.negate(frame.b, number(frame, node.operand))
        case ast.UAdd():
            return number(frame, node.operand)
        case ast.Invert():
            return integers.invert(frame.b, number(frame, node.operand))
        case _:
            val = evaluate(frame, node.operand)
            span = frame.at(node.operand)
            if isinstance(val, KernelPtr):
                truth = val.pointer
            else:
                truth = integers.truth(frame.b, frame.number(val, span))
            frame.at(node)
            return Num(frame.b.emit(Op.EQ, truth, frame.b.const(0)))


def _walrus(frame: Frame, node: ast.NamedExpr) -> Val:
    val = evaluate(frame, node.value)
    frame.at(node)
    frame.bind(node.target.id, kept(frame.b, node.target.id, val))
    return _name(frame, node.target)


EXPRESSIONS: dict[type[ast.expr], Callable[[Frame, Any], Val | Pending | Decision]] = {
    ast.Constant: _constant,
    ast.Name: _name,
    ast.Attribute: _attribute,
    ast.Subscript: _subscript,
    ast.BinOp: _binary,
    ast.UnaryOp: _unary,
    ast.NamedExpr: _walrus,
}
"""How each kind of expression is built; `conditions` adds those that branch, `calling` calls."""
