"""What the forms of one Lisp file share, and its programs as `defprog` declares them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from kring.abi.programs import Kind
from kring.decl.maps import PlainMap
from kring.decl.struct import Struct
from kring.errors import CompileError
from kring.frontend.diagnose import refuse
from kring.frontend.lisp.forms import Cell, Form, Operand, Symbol, head, show
from kring.frontend.lisp.host import Host
from kring.frontend.lisp.scope import Rule, Scope
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

    `facts` are what the running system says, if it may be asked. By their names in the file, `maps`
    are what the kernel calls each and its declaration, `structs` structs and unions, `forms` the
    accessors that definitions made, `values` what further names stand for in programs, `imports`
    kernel structs, `tracepoints` those declared, and `formats` the fields that the running system
    says they have. `constants` are those that the file defines, `notes` what a build says to its
    author. `expansions` are those of each use of a macro, `uses` those being compiled, outermost
    first. `loaders` are functions that load what the file defines, which nobody calls here.
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
