"""The top-level forms of a Lisp file: in order, they become maps, structs, macros and programs.

In:  the text of a file. Out: `programs_of`, its programs, which share one `Unit`.
Rule: a form is what `TOPLEVEL` says, else a macro of the file, else one that the host knows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING

from kring.abi.programs import Kind
from kring.decl.struct import sizeof
from kring.errors import CompileError
from kring.frontend.diagnose import combined, place, refuse
from kring.frontend.lisp.constants import CONSTANTS
from kring.frontend.lisp.forms import Cell, Form, Operand, Symbol, head, operands, show, symbol
from kring.frontend.lisp.host import Host
from kring.frontend.lisp.reader import read_each
from kring.frontend.lisp.scope import MOST_EXPANSIONS, check_count
from kring.frontend.lisp.sections import kind_for
from kring.frontend.lisp.unit import Defprog, Unit, options
from kring.ir.core import Span
from kring.spelling import c_name, suggestion

if TYPE_CHECKING:
    from kring.frontend.kernel import Facts

Define = Callable[[Unit, list[Operand], Span], None]
_CHOOSING = "if", "when", "unless", "handler-case", "ignore-errors", "eval"
"""Forms that define nothing by themselves, but what is in them may."""
_LOADING = "with-bpf-session", "with-bpf-object"
"""Forms of Whistler's loader, around definitions or beside them."""
TOPLEVEL: dict[str, tuple[str, Define]] = {}
"""By the name of a top-level form, its usage as that of a `Rule`, and what it does."""
LATER: dict[str, str] = {
    "defmap": "kring.frontend.lisp.maps",
    "defstruct": "kring.frontend.lisp.structs",
    "defunion": "kring.frontend.lisp.structs",
    "deftracepoint": "kring.frontend.lisp.tracepoints",
    "import-kernel-struct": "kring.frontend.lisp.kernel",
    "defheader": "kring.frontend.lisp.packets",
    **dict.fromkeys(_CHOOSING, "kring.frontend.lisp.chosen"),
    **dict.fromkeys(_LOADING, "kring.frontend.lisp.sessions"),
}
"""Top-level forms that a module adds, which is imported when the first of them is met."""

_IGNORED = frozenset({
    "in-package", "defpackage", "use-package", "require", "declaim", "proclaim", "provide",
    "export", "import", "load-system", "compile-to-elf", "load", "quickload", "format", "print",
})  # fmt: skip
"""Forms that mean something to a Lisp system around the file, and nothing here."""
_HOSTED = frozenset({"defun", "defparameter", "defvar", "defconstant", "setf", "setq"})
"""Forms that the host evaluates."""


def programs_of(text: str, file: str, facts: Facts | None = None) -> list[Defprog]:
    """The programs of a file's text.

    Raises: CompileError at the place in the text, with the others found.
    """
    unit = Unit(file, Host(file), facts)
    errors: list[CompileError] = []
    for name, number in CONSTANTS.items():
        unit.host.define(symbol(name), number, True)
    unit.host.define(symbol("*posix-argv*"), None, False)  # what a script was called with
    unit.host.define_elsewhere(partial(_defined, unit))
    unit.host.measure(partial(_size, unit))
    unit.host.tell(unit.note)
    for form in read_each(text, file, unit.host.evaluate):
        try:
            define(unit, form)
        except CompileError as error:
            errors.append(error)
        except RecursionError:
            errors.append(CompileError("the forms are nested too deep here", place(form.span)))
    if errors:
        raise combined(errors)
    if not unit.programs:
        raise CompileError(f"{file} has no program: write `(defprog NAME (:type :xdp) form…)`")
    return unit.programs


def define(unit: Unit, arg: Operand) -> None:
    """What one top-level form defines."""
    name = head(arg.form)
    if not isinstance(arg.form, Cell):
        refuse(arg.span, f"{show(arg.form)} stands outside of all forms")
    args = operands(arg.form.cdr, arg.span)
    if name in LATER and name not in TOPLEVEL:
        from importlib import import_module

        import_module(LATER[name])
    if name in TOPLEVEL:
        usage, build = TOPLEVEL[name]
        check_count(name, usage, args, arg.span)
        build(unit, args, arg.span)
    elif name == "defmacro":
        _check_macro(unit, args)
        unit.host.define_macro(arg.form)
    elif name == "defun" and (session := _loads(unit, args)) is not None:
        if head(session) in _LOADING:
            define(unit, Operand(session, session.span or arg.span))
    elif name in _HOSTED:
        unit.host.evaluate(arg.form, arg.span)
        if name == "defconstant" and isinstance(args[0].form, Symbol):
            unit.constants[args[0].form] = None
    elif unit.host.is_macro(name):
        try:
            unit.uses.append(arg)
            if len(unit.uses) > MOST_EXPANSIONS:
                refuse(arg.span, f"{name} expands into itself without an end")
            define(unit, unit.expand(arg))
        except CompileError as error:
            raise unit.used(error, arg) from None
        finally:
            unit.uses.pop()
    elif name not in _IGNORED and name not in unit.loaders:
        _other(unit, arg, name)


def _loads(unit: Unit, args: list[Operand]) -> Cell | None:
    """The form of a loader that a function has, or its call of a function that has one."""
    found = next((one for arg in args[2:] for one in _within(arg.form, unit)), None)
    if found is not None and isinstance(args[0].form, Symbol):
        unit.loaders.add(args[0].form.name)
    return found


def _within(form: Form, unit: Unit) -> Iterator[Cell]:
    while isinstance(form, Cell):
        if head(form) in _LOADING or head(form) in unit.loaders:
            yield form
        yield from _within(form.car, unit)
        form = form.cdr


def _defined(unit: Unit, form: Cell, span: Span) -> bool:
    """Take in a form that the host met, if it defines something of the language."""
    known = head(form) in TOPLEVEL or head(form) in LATER
    if known:
        define(unit, Operand(form, span))
    return known


def _size(unit: Unit, form: Cell, span: Span) -> int:
    args = operands(form.cdr, span)
    check_count("sizeof", "struct", args, span)
    return sizeof(unit.struct(args[0]))


_KFUNCS = "use a helper, or write the program in Python, which calls them"


def _other(unit: Unit, arg: Operand, name: str) -> None:
    """A form that is none of the language's: known to the host, or an error."""
    if unit.host.knows(name):
        unit.host.evaluate(arg.form, arg.span)
        return
    if name == "defkfunc":
        refuse(arg.span, "kfuncs, functions of the kernel, are not called by Lisp", _KFUNCS)
    known = [*TOPLEVEL, *LATER, *_HOSTED, *unit.host.macros()]
    hint = suggestion(name, known, quote="")
    defining = sorted({*TOPLEVEL, *LATER} - {*_CHOOSING, *_LOADING})
    listed = "forms out here define something: " + ", ".join(defining)
    refuse(
        arg.span,
        f"{name or show(arg.form)} is no form that defines something.{hint}".rstrip("."),
        listed,
    )


def _check_macro(unit: Unit, args: list[Operand]) -> None:
    from kring.frontend.lisp.expressions import FORMS

    for arg in args[:1]:
        if isinstance(arg.form, Symbol) and arg.form.name in FORMS:
            unit.note(arg.span, f"{arg.form} is a form of the language, and stays what it is")


def _each(unit: Unit, args: list[Operand], span: Span) -> None:
    for arg in args:
        define(unit, arg)


def _eval_when(unit: Unit, args: list[Operand], span: Span) -> None:
    _each(unit, args[1:], span)


def _defprog(unit: Unit, args: list[Operand], span: Span) -> None:
    name, *rest = args
    known = [one.name for one in unit.programs]
    spelled = unit.new_name(name, "program", dict.fromkeys(known))
    if not rest or not (rest[0].form is None or isinstance(rest[0].form, Cell)):
        refuse(span, f"{spelled} has no list of options", _PROGRAM)
    given = options(operands(rest[0].form, rest[0].span), (":type", ":section", ":license"))
    kind, target, section, note = _hook(given, span)
    if note:
        unit.note(span, note)
    licence = "GPL"
    if (said := given.get(":license")) is not None:
        if not isinstance(said.form, str):
            refuse(said.span, f"a licence is a string, not {show(said.form)}")
        licence = said.form
    for other in unit.programs:
        if other.licence != licence:
            refuse(
                said.span if said else span,
                f"{spelled} has the licence {licence!r}, and {other.name} on line "
                f"{other.span.line} has {other.licence!r}",
                "the programs of a file share one licence",
            )
    unit.programs.append(
        Defprog(c_name(spelled), kind, target, section, licence, rest[1:], span, unit)
    )


def _hook(given: dict[str, Operand], span: Span) -> tuple[Kind, str, str, str | None]:
    """Kind, target and section of a program, and what there is to say about them."""
    kind, section = given.get(":type"), given.get(":section")
    if section is not None and not isinstance(section.form, str):
        refuse(section.span, f"a section is a string, not {show(section.form)}")
    if kind is not None and not isinstance(kind.form, Symbol):
        refuse(kind.span, f"{show(kind.form)} is no type of program", "write a keyword: `:xdp`")
    return kind_for(
        kind.form.name if kind and isinstance(kind.form, Symbol) else None,
        section.form if section and isinstance(section.form, str) else None,
        kind.span if kind else span,
        section.span if section else None,
    )


_PROGRAM = 'write `(defprog NAME (:type :xdp) form…)`, or `(:type :tracepoint :section "…")`'

TOPLEVEL.update(
    {
        "progn": ("[form…]", _each),
        "eval-when": ("situations [form…]", _eval_when),
        "defprog": ("NAME options [form…]", _defprog),
    }
)
