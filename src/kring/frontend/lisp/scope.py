"""What the compilation of one program carries from form to form, and how forms find their rules.

A rule builds one form of the language: it gets the scope and the form's operands, not evaluated,
and gives the value, 0 where the form has none. Its `usage` is its operands as the reference writes
them, and counts them: `pointer [offset]` is one or two, `value…` any number of the last.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from kring.decl.maps import PlainMap
from kring.decl.types import ArrayType
from kring.errors import CompileError
from kring.frontend.builder import Builder
from kring.frontend.diagnose import refuse
from kring.frontend.lisp.forms import Operand, Symbol
from kring.frontend.values import Token
from kring.ir.core import Span, Value
from kring.record import field, record
from kring.spelling import suggestion

if TYPE_CHECKING:
    from kring.decl.struct import Field, Struct
    from kring.frontend.lisp.unit import Defprog, Unit

MOST_EXPANSIONS = 100
"""Macros within macros; more never end."""

Build = Callable[["Scope", list[Operand]], Value]


@record
class Place:
    """Where `setf` and `incf` write, its operands evaluated already; `add` is what `incf` does
    there where that is more than to read and to write."""

    read: Callable[[], Value]
    write: Callable[[Value], None]
    add: Callable[[Value], Value] | None = None


@record
class Rule:
    """How a form is built; `place` is what it is to `setf`, if that may write it, and `effect` how
    it is built where nobody asks for its value, if that takes less."""

    usage: str
    build: Build
    place: Callable[[Scope, list[Operand]], Place] | None = None
    effect: Build | None = None


def check_count(name: str, usage: str, args: Sequence[Operand], span: Span) -> None:
    """Refuse another number of operands than the usage of a form says."""
    words = _operands(usage)
    least = sum(not word.startswith("[") and not word.endswith("…") for word in words)
    endless = usage.rstrip("]").endswith("…")
    if least <= len(args) and (endless or len(args) <= len(words)):
        return
    given = f"{len(args)} operand{'s' * (len(args) != 1)}"
    wanted = f"({name} {usage})" if usage else f"({name})"
    refuse(span, f"{name} is given {given}", f"write `{wanted}`")


def _operands(usage: str) -> list[str]:
    """The operands that a usage names; a list or what may be left out is one."""
    found: list[str] = []
    depth = 0
    for word in usage.split():
        if depth:
            found[-1] += f" {word}"
        else:
            found.append(word)
        depth += sum(word.count(one) for one in "([") - sum(word.count(one) for one in ")]")
    return found


class Rebuild(Exception):
    """The program is to be built once more, with what was learned of it."""


@record(frozen=False)
class Scope:
    """One program being compiled, in as many attempts as it takes to know what its loops carry."""

    b: Builder
    unit: Unit
    program: Defprog

    # What one attempt learns for the next

    carried: dict[int, set[str]]
    """For each loop, the variables that it changes."""
    addressed: dict[str, bool]
    """Variables whose address a form takes; false for those that hold pointers, which stay values:
    each address is of a copy."""
    guesses: dict[Value, str] | None
    """As `pointees`, of what several paths bring; None where guessing failed."""
    again: bool = False
    """Whether something was learned that this attempt should have known."""

    # Variables

    names: dict[Symbol, str] = field(default_factory=dict[Symbol, str])
    """Those in sight, as the builder knows them."""
    types: dict[str, str] = field(default_factory=dict[str, str])
    """The types that are known of them, as `u32`."""
    slots: dict[str, Value] = field(default_factory=dict[str, Value])
    """The memory of those that are `addressed`, as far as they are bound."""
    beside: tuple[Symbol, ...] = ()
    """Those that the same `let` binds."""
    bindings: dict[str, int] = field(default_factory=dict[str, int])
    """How many of one name there were."""

    # What pointers lead to

    structs: dict[Value, type[Struct]] = field(default_factory=dict[Value, "type[Struct]"])
    """The file's structs, as far as that was said."""
    fields: dict[Value, tuple[type[Struct], Field]] = field(
        default_factory=dict[Value, "tuple[type[Struct], Field]"]
    )
    """Their fields."""
    tags: dict[Value, str] = field(default_factory=dict[Value, str])
    """Kernel structs that addresses were said to be of."""
    pointees: dict[Value, str] = field(default_factory=dict[Value, str])
    """Kernel structs that the verifier knows pointers to lead to."""

    # Records and loops

    tokens: dict[Value, Token] = field(default_factory=dict[Value, Token])
    """Reservations, by the pointer that leads to each."""
    transactions: list[Value] = field(default_factory=list[Value])
    """Records of the `with-ringbuf` forms this is in, innermost last."""
    records: list[tuple[str, Value, int]] = field(default_factory=list[tuple[str, Value, int]])
    """What the program sends: stream, pointer and size."""
    rounds: list[int] = field(default_factory=list[int])
    """How often each of the loops this is in comes round."""
    iterators: list[Value] = field(default_factory=list[Value])
    """The kernel's iterators that count some of them."""

    errors: list[CompileError] = field(default_factory=list[CompileError])

    def fresh(self, symbol: Symbol) -> str:
        """A name for one more variable, the same each time the program is built."""
        count = self.bindings[symbol.name] = self.bindings.get(symbol.name, 0) + 1
        return symbol.name if count == 1 else f"{symbol.name}#{count}"

    def map(self, arg: Operand) -> tuple[PlainMap, str]:
        """A map by its name, and what the kernel calls it."""
        known = self.unit.maps
        if not isinstance(arg.form, Symbol):
            refuse(arg.span, "a map is wanted here, by its name")
        found = known.get(arg.form.name)
        if found is None:
            hint = suggestion(arg.form.name, known, quote="")
            cure = "define it: `(defmap NAME :type … :max-entries …)`"
            refuse(
                arg.span,
                f"no map is called {arg.form}.{hint}".rstrip("."),
                *(() if hint else (cure,)),
            )
        name, declaration = found
        return declaration, name

    def is_text(self, pointer: Value) -> None:
        """Note that a field of bytes, if the pointer leads to one, is filled with a string."""
        struct, field = self.fields.get(pointer, (None, None))
        if struct is not None and field is not None and isinstance(field.type, ArrayType):
            self.b.module.texts.setdefault(struct, set()).add(field.name)
