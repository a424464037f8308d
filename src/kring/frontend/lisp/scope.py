"""What the compilation of one program carries from form to form, and how forms find their rules.

A rule builds one form of the language: it gets the scope and the form's operands, not evaluated,
and gives the value, 0 where the form has none. Its `usage` is its operands as the reference writes
them, and counts them: `pointer [offset]` is one or two, `value…` any number of the last.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from kring.frontend.builder import Builder
from kring.frontend.diagnose import refuse
from kring.frontend.lisp.forms import Operand, Symbol
from kring.frontend.values import Token
from kring.ir.core import Span, Type, Value
from kring.record import field, record

if TYPE_CHECKING:
    from kring.frontend.kernel import Facts
    from kring.frontend.lisp.unit import Defprog, Unit

Build = Callable[["Scope", list[Operand]], Value]


@record
class Place:
    """Where `setf` and `incf` write, its operands evaluated already."""

    read: Callable[[], Value]
    write: Callable[[Value], None]


@record
class Rule:
    """How a form is built; `place` is what it is to `setf`, if that may write it."""

    usage: str
    build: Build
    place: Callable[[Scope, list[Operand]], Place] | None = None

    def check(self, name: str, args: Sequence[Operand], span: Span) -> None:
        """Refuse another number of operands than the usage says."""
        least, most = _counts(self.usage)
        if least <= len(args) and (most is None or len(args) <= most):
            return
        given = f"{len(args)} operand{'s' * (len(args) != 1)}"
        wanted = f"({name} {self.usage})" if self.usage else f"({name})"
        refuse(span, f"{name} is given {given}", f"write `{wanted}`")


def _counts(usage: str) -> tuple[int, int | None]:
    """The smallest and the largest number of operands, None for any."""
    words = usage.split()
    least = sum(not word.startswith("[") and not word.endswith("…") for word in words)
    return least, None if usage.rstrip("]").endswith("…") else len(words)


@record(frozen=False)
class Scope:
    """One program being compiled.

    `names` are the variables in sight by their symbols, as the builder knows them; `types` the
    types declared for them, as `u32`. `tokens` are reservations by the pointer that leads to them;
    `structs` the struct that a pointer leads to, as far as that was said. `transactions` are the
    records of the `with-ringbuf` forms this is in, innermost last.
    """

    b: Builder
    unit: Unit
    program: Defprog
    facts: Facts | None
    names: dict[Symbol, str] = field(default_factory=dict[Symbol, str])
    types: dict[str, str] = field(default_factory=dict[str, str])
    tokens: dict[Value, Token] = field(default_factory=dict[Value, Token])
    structs: dict[Value, str] = field(default_factory=dict[Value, str])
    transactions: list[Value] = field(default_factory=list[Value])
    made: dict[str, int] = field(default_factory=dict[str, int])
