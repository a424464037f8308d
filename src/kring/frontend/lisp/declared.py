"""Fields of the kernel's that a file names, and their types where it says them.

    pid   (pid u32)   (comm (array u8 16))   (real-parent (ptr task-struct))   (mm ptr)
    (se (struct sched-entity))   (on-rq (bits u32 1))   (policy enum)   (filename data-loc)

Names are those of C, with `-` for `_`. What has no type here is asked of the running system, when a
program first uses it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from kring.decl.kernel import enum_view, struct_view
from kring.decl.types import ArrayType, Bits, DynamicStr, Elements, Embedded, IntType, ViewType
from kring.errors import CompileError
from kring.frontend.diagnose import refuse
from kring.frontend.lisp.constants import SIZES
from kring.frontend.lisp.forms import Cell, Operand, Symbol, lisp_name, operands, show
from kring.frontend.lisp.scope import Scope
from kring.frontend.walk import use
from kring.ir.core import Core, Span
from kring.record import record
from kring.spelling import c_name, suggestion


@record
class Declared:
    """A field by its name in C; `type` is None where the file does not say it."""

    name: str
    type: ViewType | None
    span: Span


def declared(specs: Iterable[Operand]) -> dict[str, Declared]:
    """Fields by their names in forms."""
    found: dict[str, Declared] = {}
    for spec in specs:
        parts = operands(spec.form, spec.span) if isinstance(spec.form, Cell) else [spec]
        if len(parts) > 2 or not isinstance(parts[0].form, Symbol):
            refuse(spec.span, f"{show(spec.form)} is no field", _FIELDS)
        name = parts[0].form.name
        if lisp_name(name) in found:
            refuse(parts[0].span, f"there are two fields called {name}")
        kind = view_type(parts[1]) if parts[1:] else None
        found[lisp_name(name)] = Declared(c_name(name), kind, parts[0].span)
    return found


def used(
    s: Scope, struct: str, member: str, kind: ViewType, called: str, tag: str = "struct"
) -> Core:
    """Where the kernel has a member, which the build takes note of; errors call it `called`."""
    span = s.b.span
    try:
        return use(s.b, struct, member, kind, span, tag)
    except CompileError:
        refuse(
            span,
            f"{called} is used as two different things in this build",
            "give it one type everywhere",
        )


def view_type(arg: Operand) -> ViewType:
    """The type of a field, as a file writes it."""
    if isinstance(arg.form, Symbol):
        return _named(arg, arg.form.name)
    parts = operands(arg.form, arg.span) if isinstance(arg.form, Cell) else []
    word = parts[0].form if parts else None
    build, count = _MADE.get(word.name if isinstance(word, Symbol) else "", (None, 0))
    if build is None or len(parts) != count:
        refuse(arg.span, f"{show(arg.form)} is no type of a field of the kernel's", _TYPES)
    return build(parts[1:])


def _named(arg: Operand, name: str) -> ViewType:
    if name in SIZES:
        return IntType(SIZES[name])
    if name in _PLAIN:
        return _PLAIN[name]()
    hint = suggestion(name, [*SIZES, *_PLAIN], quote="")
    refuse(arg.span, f"{name} is no type of a field of the kernel's.{hint}".rstrip("."), _TYPES)


_FIELDS = "a field is NAME, or `(NAME TYPE)`"
_TYPES = (
    "there are: " + " ".join(SIZES) + " ptr enum, `(ptr STRUCT)`, `(array TYPE COUNT)`, "
    "`(struct NAME)`, `(union NAME)`, `(bits TYPE WIDTH)`, and `data-loc` in tracepoints"
)
_PLAIN: dict[str, Callable[[], ViewType]] = {
    "ptr": lambda: IntType(8, pointer=True),
    "enum": lambda: enum_view(""),
    "data-loc": DynamicStr,
}


def _name(arg: Operand) -> str:
    if not isinstance(arg.form, Symbol):
        refuse(arg.span, f"{show(arg.form)} is no name of a struct")
    return c_name(arg.form.name)


def _number(arg: Operand, what: str, largest: int) -> int:
    if not isinstance(arg.form, int) or not 0 < arg.form <= largest:
        refuse(arg.span, f"{show(arg.form)} is no {what}")
    return arg.form


def _array(parts: list[Operand]) -> ViewType:
    of = parts[0].form
    element = IntType(1) if isinstance(of, Symbol) and of.name == "char" else view_type(parts[0])
    count = _number(parts[1], "number of elements", 1 << 20)
    match element:
        case IntType():
            return ArrayType(element, count)
        case Embedded() | type():
            return Elements(element, count)
        case _:
            refuse(parts[0].span, f"there are no arrays of {show(parts[0].form)} here", _TYPES)


def _bits(parts: list[Operand]) -> ViewType:
    name = parts[0].form.name if isinstance(parts[0].form, Symbol) else ""
    if name not in SIZES:
        refuse(parts[0].span, f"{show(parts[0].form)} has no bits", "write `(bits u32 WIDTH)`")
    size = SIZES[name]
    return Bits(IntType(size, name[0] == "i"), _number(parts[1], f"width in {name}", size * 8))


_MADE: dict[str, tuple[Callable[[list[Operand]], ViewType], int]] = {
    "ptr": (lambda parts: struct_view(_name(parts[0])), 2),
    "array": (_array, 3),
    "struct": (lambda parts: Embedded(struct_view(_name(parts[0]))), 2),
    "union": (lambda parts: Embedded(struct_view(_name(parts[0]), is_union=True)), 2),
    "bits": (_bits, 3),
}
