"""Tracepoints that a file declares: their fields, read from the context.

    (deftracepoint sched/sched-process-exec (pid u32) filename)
    (tp-pid) (tp-filename) (tp-filename-ptr) (tp-filename-str target size)

A field is that of the tracepoint which the program's section names. Where it lies is a record of
the object, found out when it is loaded; its type is what the file says, or the running system.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from kring.abi.tracepoints import DYNAMIC, TraceField, event_struct
from kring.decl.types import ArrayType, DynamicStr, IntType, ViewType
from kring.errors import LoadError
from kring.frontend.diagnose import did_you_mean, refuse
from kring.frontend.lisp.declared import Declared, declared, used
from kring.frontend.lisp.expressions import constant, value
from kring.frontend.lisp.forms import Operand, Symbol, lisp_name, show
from kring.frontend.lisp.memory import pointer
from kring.frontend.lisp.scope import Rule, Scope
from kring.frontend.lisp.toplevel import TOPLEVEL
from kring.frontend.lisp.unit import Unit
from kring.ir.core import Core, Mem, Op, Span, Value
from kring.record import record
from kring.spelling import c_name

_COMMON = "common_"
"""What the names of the fields begin with that all tracepoints have."""
_DYNAMIC = DYNAMIC.rstrip("_")


@record(eq=False)
class Tracepoint:
    """A tracepoint `category:event`, and the fields that programs may use."""

    name: str
    fields: dict[str, Declared]


def _deftracepoint(unit: Unit, args: list[Operand], span: Span) -> None:
    """The accessors of a tracepoint's fields; of all but the common ones if none are listed."""
    name, at = _tracepoint_name(args[0]), args[0].span
    fields = declared(args[1:])
    if not args[1:]:
        known = _format(unit, name, at)
        names = {key: one.name for key, one in known.items() if not one.name.startswith(_COMMON)}
        fields = {key: Declared(one, None, at) for key, one in names.items()}
    known_forms = {form for one in unit.tracepoints.values() for form in _forms(one.fields)}
    unit.tracepoints.setdefault(name, Tracepoint(name, {})).fields.update(fields)
    places = {f"tp-{key}": spec.span for key, spec in fields.items()}
    for form, rule in _forms(fields).items():
        if form not in known_forms:
            unit.form(form, rule, places.get(form, at))


def _forms(fields: Iterable[str]) -> dict[str, Rule]:
    """The forms that fields bring; which tracepoint's they are is found where they are used."""
    found = {f"tp-{key}": Rule("[index]", partial(_read, key)) for key in fields}
    for key in fields:
        found.setdefault(f"tp-{key}-ptr", Rule("", partial(_address, key)))
        found.setdefault(f"tp-{key}-str", Rule("target size", partial(_copy, key)))
    return found


def _tracepoint_name(arg: Operand) -> str:
    name = _c_name_of(arg.form.name) if isinstance(arg.form, Symbol) else ""
    category, _, event = name.partition(":")
    if not category or not event:
        refuse(
            arg.span,
            f"{show(arg.form)} names no tracepoint",
            "write its category and its name: `(deftracepoint sched/sched-switch …)`",
        )
    return name


def _c_name_of(name: str) -> str:
    """`sched/sched-switch` as the kernel has it: `sched:sched_switch`."""
    category, _, event = name.replace(":", "/", 1).partition("/")
    return f"{c_name(category)}:{c_name(event)}" if category and event else ""


# What the running system says


def _format(unit: Unit, name: str, span: Span) -> dict[str, TraceField]:
    """The fields of a tracepoint, by their names in forms."""
    if name not in unit.formats:
        if unit.facts is None:
            refuse(span, f"the fields of {name} are known only to a running kernel", _SAY)
        try:
            found = unit.facts.tracepoint(name)
        except LoadError as error:
            refuse(span, str(error), _SAY)
        unit.formats[name] = {lisp_name(one.name): one for one in found}
    return unit.formats[name]


_SAY = "say what you use: `(deftracepoint CATEGORY/EVENT (FIELD u32) …)`"


def _type(field: TraceField) -> ViewType:
    """What a field holds; of one that is no number and no array of such, so many bytes."""
    if field.type.startswith(_DYNAMIC):
        return DynamicStr()
    if field.type.endswith("]"):
        inside = field.type[field.type.rindex("[") + 1 : -1]
        count = int(inside) if inside.isdecimal() else 0
        size = field.size // count if count else 0
        if size in _SIZES and size * count == field.size:
            return ArrayType(IntType(size), count)
        return ArrayType(IntType(1), field.size)
    if field.type.endswith("*") and field.size == 8:
        return IntType(8, pointer=True)
    return IntType(field.size) if field.size in _SIZES else ArrayType(IntType(1), field.size)


_SIZES = frozenset((1, 2, 4, 8))


# Fields in programs


def _find(s: Scope, key: str) -> tuple[str, str, ViewType]:
    """The program's tracepoint, and the field's name in C and type there."""
    span, having = s.b.span, [one for one in s.unit.tracepoints.values() if key in one.fields]
    if s.program.kind.context != "tracepoint":
        refuse(
            span,
            f"tp-{key} reads the context of a tracepoint, and {s.program.name} runs at "
            f"{s.program.section}",
            '`:section "tracepoint/CATEGORY/EVENT"` makes it run at a tracepoint',
        )
    hook = s.program.target or (having[0].name if len(having) == 1 else "")
    if not hook:
        refuse(
            span,
            f"tp-{key} is a field of {' and of '.join(one.name for one in having)}",
            'say which one the program runs at: `:section "tracepoint/CATEGORY/EVENT"`',
        )
    own = next((one for one in having if one.name == hook), having[0])
    spec = own.fields[key]
    if spec.type is not None:
        return hook, spec.name, spec.type
    known = _format(s.unit, hook, span if own.name != hook else spec.span)
    if key not in known:
        where = spec.span if own.name == hook else span
        refuse(where, f"{hook} has no field {key}. {did_you_mean(key, list(known))}")
    return hook, known[key].name, _type(known[key])


def _core(s: Scope, hook: str, name: str, kind: ViewType) -> Core:
    member = DYNAMIC + name if isinstance(kind, DynamicStr) else name
    return used(s, event_struct(hook), member, kind, f"{name} of {hook}")


def _read(key: str, s: Scope, args: list[Operand]) -> Value:
    """What a field holds, an element of an array, or the address of one."""
    hook, name, kind = _find(s, key)
    core = _core(s, hook, name, kind)
    if isinstance(kind, ArrayType):
        return _element(s, core, kind, args[0]) if args else _place(s, core)
    if args:
        refuse(args[0].span, f"tp-{key} is no array, and has no elements")
    assert isinstance(kind, IntType | DynamicStr)
    return s.b.load(s.b.context, Mem(0, kind.size, core=core))


def _element(s: Scope, core: Core, kind: ArrayType, arg: Operand) -> Value:
    index = constant(s, arg, "which element is read from the context")
    if index >= kind.count:
        refuse(arg.span, f"there are the elements 0 to {kind.count - 1}, and no {index}")
    inside = Core(core.struct, (*core.path, str(index)))
    assert isinstance(kind.element, IntType)
    return s.b.load(s.b.context, Mem(0, kind.element.size, core=inside))


def _place(s: Scope, core: Core) -> Value:
    """The address of a field: programs may read through no pointer into this context but by a
    helper."""
    b = s.b
    field = b.emit(Op.FIELD, b.context, imm=core, type=b.context.type)
    return b.emit(Op.ADD, field, b.const(0))


def _address(key: str, s: Scope, args: list[Operand]) -> Value:
    """Where an array is, or what has no fixed place in the context."""
    hook, name, kind = _find(s, key)
    core = _core(s, hook, name, kind)
    match kind:
        case ArrayType():
            return _place(s, core)
        case DynamicStr():
            place = s.b.load(s.b.context, Mem(0, kind.size, core=core))
            distance = s.b.emit(Op.AND, place, s.b.const(0xFFFF))
            return s.b.emit(Op.ADD, s.b.context, distance)
        case _:
            refuse(
                s.b.span,
                f"tp-{key}-ptr is there for arrays and for what has no fixed place; {key} is "
                "neither",
                f"`(tp-{key})` is what it holds",
            )


def _copy(key: str, s: Scope, args: list[Operand]) -> Value:
    """Copy a text with its NUL, as much of it as there is room for; what the helper returns."""
    span = s.b.span
    if isinstance(_find(s, key)[2], IntType):
        refuse(
            span,
            f"tp-{key} is a number and no text",
            f"if it is an address: `(probe-read-user-str target size (tp-{key}))`",
        )
    target, size = pointer(s, args[0], written=True), value(s, args[1])
    s.is_text(target)
    return s.b.call("probe_read_kernel_str", target, size, _address(key, s, []))


TOPLEVEL["deftracepoint"] = ("CATEGORY/EVENT [field…]", _deftracepoint)
