"""A Lisp file: its top-level forms, in order, become maps, structs, macros and programs.

In:  the text of a file. Out: `programs_of`, its programs, which share one `Unit`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING

from kring.abi.programs import Kind
from kring.decl.maps import PlainMap
from kring.decl.struct import Struct
from kring.errors import CompileError
from kring.frontend.diagnose import combined, place, refuse
from kring.frontend.lisp.constants import CONSTANTS
from kring.frontend.lisp.forms import Cell, Form, Operand, Symbol, head, operands, show, symbol
from kring.frontend.lisp.host import Host
from kring.frontend.lisp.reader import read_each
from kring.frontend.lisp.scope import MOST_EXPANSIONS, Rule, Scope
from kring.frontend.lisp.sections import kind_for
from kring.ir.core import Span, Value
from kring.record import field, record
from kring.spelling import c_name, suggestion

if TYPE_CHECKING:
    from kring.abi.tracepoints import TraceField
    from kring.frontend.kernel import Facts
    from kring.frontend.lisp.imports import KernelType
    from kring.frontend.lisp.tracepoints import Tracepoint


@record(eq=False)
class Defprog:
    """A program of a Lisp file: where it attaches, its licence, and the forms of its body.

    `name` is the kernel's. `span` is that of the whole form.
    """

    name: str
    kind: Kind
    target: str
    section: str
    licence: str
    body: list[Operand]
    span: Span
    unit: Unit


@record(frozen=False, eq=False)
class Unit:
    """What the forms of one file share.

    `maps` are what the kernel calls each, and it, by the names in the file; `constants` the names
    of those that it defines; `forms` the accessors
    that its definitions made and `values` what further names stand for in programs; `imports` are
    the kernel structs it names, `tracepoints` its tracepoints by their names, and `formats` the
    fields that the running system says they have. `notes` are what a build says to its author;
    `facts` what the running system says, if it may be asked. `loaders` are functions that load what
    the file defines, which nobody calls here. `uses` are those of macros whose expansions are being
    compiled.
    """

    file: str
    host: Host
    facts: Facts | None
    maps: dict[str, tuple[str, PlainMap]] = field(default_factory=dict[str, tuple[str, PlainMap]])
    structs: dict[str, type[Struct]] = field(default_factory=dict[str, type[Struct]])
    forms: dict[str, Rule] = field(default_factory=dict[str, Rule])
    values: dict[str, Callable[[Scope], Value]] = field(
        default_factory=dict[str, "Callable[[Scope], Value]"]
    )
    imports: dict[str, KernelType] = field(default_factory=dict[str, "KernelType"])
    tracepoints: dict[str, Tracepoint] = field(default_factory=dict[str, "Tracepoint"])
    formats: dict[str, dict[str, TraceField]] = field(
        default_factory=dict[str, "dict[str, TraceField]"]
    )
    programs: list[Defprog] = field(default_factory=list[Defprog])
    constants: dict[Symbol, None] = field(default_factory=dict[Symbol, None])
    notes: dict[str, None] = field(default_factory=dict[str, None])
    expansions: dict[int, tuple[Form, Form]] = field(default_factory=dict[int, "tuple[Form, Form]"])
    loaders: set[str] = field(default_factory=set[str])
    uses: list[Operand] = field(default_factory=list[Operand])

    def note(self, span: Span, text: str) -> None:
        """Say something to the author of the file that is no error."""
        self.notes[f"{span.file}:{span.line}:{span.column}: {text}"] = None

    def expand(self, arg: Operand) -> Operand:
        """What a use of a macro stands for; the same each time it is asked for."""
        assert isinstance(arg.form, Cell)
        if id(arg.form) not in self.expansions:
            # the use is kept too, so that no other gets its number
            self.expansions[id(arg.form)] = arg.form, self.host.expand(arg.form)
        made = self.expansions[id(arg.form)][1]
        own = made.span if isinstance(made, Cell) else None
        return Operand(made, own or arg.span)

    def used(self, error: CompileError, arg: Operand) -> CompileError:
        """The error, with a note that says which macro's expansion it is in."""
        name, defined = head(arg.form), self.host.defined_at(head(arg.form))
        where = f" (defined on line {defined.line})" if defined else ""
        note = f"in the expansion of {name}{where}, used on line {arg.span.line}"
        if note not in error.notes:
            error.notes = (*error.notes, note)
            error.add_note(f"  {note}")
        return error

    def new_name(self, arg: Operand, what: str, known: Mapping[str, object]) -> str:
        """The name of something that is defined, which nothing else of its kind has."""
        if not isinstance(arg.form, Symbol) or arg.form.name.startswith(":"):
            refuse(arg.span, f"{show(arg.form)} is no name for a {what}")
        name = arg.form.name
        same = next((one for one in known if c_name(one) == c_name(name)), None)
        if same is not None:
            refuse(arg.span, f"there is a {what} called {same} already")
        return name

    def form(self, name: str, rule: Rule, span: Span) -> None:
        """Add a form that a definition brings, as the accessor of a field."""
        from kring.frontend.lisp import expressions

        if name in self.forms or name in expressions.FORMS or name in expressions.LATER:
            refuse(span, f"this would define {name}, which there is already", "rename one of them")
        self.forms[name] = rule

    def struct(self, arg: Operand) -> type[Struct]:
        """A struct or union by its name."""
        name = arg.form.name if isinstance(arg.form, Symbol) else ""
        found = self.structs.get(name)
        if found is None:
            hint = suggestion(name, self.structs, quote="") or _listed(self.structs)
            refuse(arg.span, f"no struct is called {show(arg.form)}.{hint}")
        return found

    def integer(self, arg: Operand, what: str) -> int:
        """A number that an option gives, computed by the host."""
        found = self.host.evaluate(arg.form, arg.span)
        if not isinstance(found, int):
            refuse(arg.span, f"{what} is a number, not {show(found)}")
        return found


def options(args: list[Operand], known: tuple[str, ...]) -> dict[str, Operand]:
    """The values of keywords, each given once, as they are written."""
    found: dict[str, Operand] = {}
    for at in range(0, len(args), 2):
        name = args[at].form
        word = name.name if isinstance(name, Symbol) else ""
        if word not in known:
            hint = suggestion(word, known, quote="") or f" There are: {' '.join(known)}"
            refuse(args[at].span, f"{show(name)} is no option here.{hint}")
        if word in found:
            refuse(args[at].span, f"{word} is given twice")
        if at + 1 == len(args):
            refuse(args[at].span, f"{word} has no value")
        found[word] = args[at + 1]
    return found


def _listed(known: Mapping[str, object]) -> str:
    return f" There are: {', '.join(known)}" if known else " The file defines none before"


Define = Callable[[Unit, list[Operand], Span], None]
CHOOSING = "if", "when", "unless", "handler-case", "ignore-errors", "eval"
"""Forms that define nothing by themselves, but what is in them may."""
LOADING = "with-bpf-session", "with-bpf-object"
"""Forms of Whistler's loader, around definitions or beside them."""
TOPLEVEL: dict[str, tuple[str, Define]] = {}
"""By the name of a top-level form, its operands as for a `Rule`, and what it does."""
LATER: dict[str, str] = {
    "defmap": "kring.frontend.lisp.maps",
    "defstruct": "kring.frontend.lisp.structs",
    "defunion": "kring.frontend.lisp.structs",
    "deftracepoint": "kring.frontend.lisp.tracepoints",
    "import-kernel-struct": "kring.frontend.lisp.kernel",
    "defheader": "kring.frontend.lisp.packets",
    **dict.fromkeys(CHOOSING, "kring.frontend.lisp.chosen"),
    **dict.fromkeys(LOADING, "kring.frontend.lisp.sessions"),
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
    unit.host.define(
        symbol("*posix-argv*"), None, False
    )  # scripts look at what they were called with
    unit.host.define_elsewhere(partial(_defined, unit))
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
        Rule(usage, _never).check(name, args, arg.span)
        build(unit, args, arg.span)
    elif name == "defmacro":
        _check_macro(unit, args)
        unit.host.define_macro(arg.form)
    elif name == "defun" and (session := _loads(unit, args)) is not None:
        if head(session) in LOADING:
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
        if head(form) in LOADING or head(form) in unit.loaders:
            yield form
        yield from _within(form.car, unit)
        form = form.cdr


def _defined(unit: Unit, form: Cell, span: Span) -> bool:
    """Take in a form that the host met, if it defines something of the language."""
    known = head(form) in TOPLEVEL or head(form) in LATER
    if known:
        define(unit, Operand(form, span))
    return known


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
    defining = sorted({*TOPLEVEL, *LATER} - {*CHOOSING, *LOADING})
    listed = "forms out here define something: " + ", ".join(defining)
    refuse(arg.span, f"{name or show(arg.form)} is no form that defines something.{hint}", listed)


def _check_macro(unit: Unit, args: list[Operand]) -> None:
    from kring.frontend.lisp.expressions import FORMS

    for arg in args[:1]:
        if isinstance(arg.form, Symbol) and arg.form.name in FORMS:
            unit.note(arg.span, f"{arg.form} is a form of the language, and stays what it is")


def _never(*_: object) -> Value:  # pragma: no cover
    raise AssertionError


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
