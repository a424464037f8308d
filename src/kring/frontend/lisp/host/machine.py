"""The evaluator: a form and its environment → what the form is worth.

In:  forms as the reader makes them. Out: values: forms, and functions, tables and conditions.
Rule: each form evaluated is a step, and so is each bit of work that a function does; when the
      steps are used up, the evaluation ends. Nothing here can reach files, processes or networks.
      A failure has no place of its own: it is at `here`, the form that is being evaluated.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from typing import TypeAlias

from kring.frontend.lisp.forms import Cell, Form, Symbol
from kring.frontend.lisp.host.data import (
    Datum,
    Env,
    Exhausted,
    Failure,
    Function,
    T,
    TooDeep,
    brief,
    miscounted,
)
from kring.ir.core import Span
from kring.record import field, record

STEPS = 1_000_000
"""Steps of one evaluation."""
DEEPEST = 1000
"""Calls of the file's functions within each other."""
_SMALL = 64
"""Characters of a string, and bytes of an integer, that take no step of their own."""
_LONG = 5
"""Steps that a longer integer takes."""


@record(eq=False)
class Row:
    """A function of the language, its operands written as for a `Rule` of forms: `list [n]`.

    `keys` are its keyword arguments, which Python gets by their names with `_` for `-`.
    """

    usage: str
    call: Callable[..., Datum]
    keys: str = ""


Special: TypeAlias = "Callable[[Machine, Cell, Env], Datum]"

SPECIAL: dict[str, Special] = {}
"""Forms that evaluate their operands by themselves."""
FUNCTIONS: dict[str, Row] = {}
"""Functions by their names; the modules of `LATER` add theirs when one of them is needed."""
LATER: dict[str, str] = {}
"""The modules, in this package, of special forms and functions that are not known yet."""


def available(name: str) -> bool:
    """Whether the language has a special form or a function of that name; finds it if so."""
    if name in SPECIAL or name in FUNCTIONS:
        return True
    if name in LATER:
        import_module(f"kring.frontend.lisp.host.{LATER[name]}")
        return True
    return False


@record(eq=False, frozen=False)
class Machine:
    """The state of evaluations: the names that are defined for all, and the steps that are left."""

    variables: dict[Symbol, Datum] = field(default_factory=dict[Symbol, Datum])
    constants: dict[Symbol, Span] = field(default_factory=dict[Symbol, Span])
    special: set[Symbol] = field(default_factory=set[Symbol])
    functions: dict[str, Function] = field(default_factory=dict[str, Function])
    macros: dict[str, Function] = field(default_factory=dict[str, Function])
    rows: dict[str, Function] = field(default_factory=dict[str, Function])
    properties: dict[tuple[Symbol, Datum], Datum] = field(
        default_factory=dict["tuple[Symbol, Datum]", Datum]
    )
    top: Env = field(default_factory=Env)
    here: Span = Span("", 1, 1, 1, 1)
    steps: int = STEPS
    depth: int = 0
    made: int = 0
    tell: Callable[[Span, str], None] | None = None
    """Tells the author of the file what macros print."""
    elsewhere: Callable[[Cell, Span], bool] | None = None
    """Takes in the definition that a form is, if it is one of the language that is compiled."""
    size: Callable[[Cell, Span], int] | None = None
    """What `(sizeof STRUCT)` is worth."""
    values: tuple[Datum, ...] | None = None

    def spend(self, steps: int) -> None:
        """Count work that takes as long as some steps."""
        self.steps -= steps
        if self.steps < 0:
            raise Exhausted

    def enter(self, name: str) -> int:
        """Count a call within calls; gives how many there were, for who leaves it."""
        depth = self.depth
        if depth == DEEPEST:
            raise TooDeep(name)
        self.depth = depth + 1
        return depth

    # Evaluation

    def value(self, cell: Cell, env: Env) -> Datum:
        """What the element of a list is worth."""
        form: Datum = cell.car
        kind = form.__class__
        if kind is Cell:
            return self.call(form, env)
        if kind is Symbol:
            return self.variable(form, env, cell.at)
        return form

    def evaluate(self, form: Datum, env: Env) -> Datum:
        """What a form is worth."""
        if form.__class__ is Cell:
            return self.call(form, env)
        return self.variable(form, env, None) if form.__class__ is Symbol else form

    def body(self, forms: Form, env: Env) -> Datum:
        """What the last of some forms is worth, after all of them were evaluated."""
        found: Datum = None
        while isinstance(forms, Cell):
            found = self.value(forms, env)
            forms = forms.cdr
        return found

    def variable(self, name: Symbol, env: Env, at: Span | None) -> Datum:
        """What a symbol is worth."""
        holder = env.holder(name)
        if holder is not None:
            return holder.variables[name]
        if name in self.variables:
            return self.variables[name]
        if name is T or name.name.startswith(":"):
            return name
        from kring.frontend.lisp.host.blame import unbound

        raise unbound(self, name, env, at)

    def call(self, form: Cell, env: Env) -> Datum:
        """What a list is worth: a special form, the use of a macro, or a call."""
        self.steps -= 1
        if self.steps < 0:
            raise Exhausted
        here = form.span
        if here is None:
            here = self.here
        else:
            self.here = here
        head: Datum = form.car
        if head.__class__ is not Symbol:
            function = self.anonymous(head, env)
        else:
            found = env.functions.get(head) or self.defined(head.name)
            if found is None:
                special = SPECIAL.get(head.name)
                if special is not None:
                    return special(self, form, env)
                found = self.row(head.name)
                if found is None:
                    return self.unknown(form, env)
            function = found
        if function.expand is not None:
            return self.evaluate(function.expand(form), env)
        args: list[Datum] = []
        rest: Datum = form.cdr
        while rest.__class__ is Cell:
            args.append(self.value(rest, env))
            rest = rest.cdr
        self.here = here
        return function.call(args)

    def unknown(self, form: Cell, env: Env) -> Datum:
        """The value of a form whose name is found in a module that was not needed before."""
        assert isinstance(form.car, Symbol)
        if form.car.name in LATER and available(form.car.name):
            return self.call(form, env)
        if self.size is not None and form.car.name == "sizeof":
            return self.size(form, self.here)
        if self.elsewhere is not None and self.elsewhere(form, self.here):
            return None
        from kring.frontend.lisp.host.blame import no_function

        raise no_function(self, form.car, env, form.at)

    def anonymous(self, head: Datum, env: Env) -> Function:
        """The function of a form that begins with a lambda expression."""
        if isinstance(head, Cell) and isinstance(head.car, Symbol) and head.car.name == "lambda":
            made: Function = self.call(head, env)
            return made
        raise Failure(f"{brief(head)} is no function", "a form begins with the name of one")

    # Functions

    def defined(self, name: str) -> Function | None:
        """The function or macro of a name that the file defines."""
        return self.functions.get(name) or self.macros.get(name)

    def row(self, name: str) -> Function | None:
        """The function of a name that the language has."""
        found = self.rows.get(name)
        if found is None and name in FUNCTIONS:
            found = self.rows[name] = self._function(name, FUNCTIONS[name])
        elif found is None and name[:1] == "c" and name[-1:] == "r" and 3 < len(name) <= 6:
            if set(name[1:-1]) <= {"a", "d"} and available("car"):
                found = self.rows[name] = self._composed(name)
        return found

    def _composed(self, name: str) -> Function:
        steps = [self.row(f"c{letter}r") for letter in reversed(name[1:-1])]

        def call(args: list[Datum]) -> Datum:
            for step in steps:
                assert step is not None
                args = [step.call(args)]
            return args[0]

        return Function(name, call)

    def _function(self, name: str, row: Row) -> Function:
        words = row.usage.split()
        least = sum(not word.startswith("[") and not word.endswith("…") for word in words)
        most = None if "…" in row.usage else len(words)
        keys = row.keys.split()

        def call(args: list[Datum]) -> Datum:
            self.values = None
            named: dict[str, Datum] = {}
            if keys and len(args) > len(words):
                args, named = self._keywords(name, args, len(words), keys)
            if len(args) < least or (most is not None and len(args) > most):
                raise miscounted(name, len(args), row.usage + "".join(f" [:{key}]" for key in keys))
            found = row.call(self, *args, **named)
            if found.__class__ is str and len(found) > _SMALL:
                self.spend(len(found) // _SMALL)
            elif found.__class__ is int and found.bit_length() > _SMALL * 8:
                self.spend(_LONG)
            return found

        return Function(name, call)

    def _keywords(
        self, name: str, args: list[Datum], most: int, keys: Sequence[str]
    ) -> tuple[list[Datum], dict[str, Datum]]:
        """The arguments by their position, and those by keyword."""
        named: dict[str, Datum] = {}
        for at in range(most, len(args), 2):
            key = args[at]
            word = key.name[1:] if isinstance(key, Symbol) and key.name.startswith(":") else ""
            if word not in keys or at + 1 == len(args):
                wanted = ", ".join(f":{key}" for key in keys)
                raise Failure(f"{name} takes {wanted}, each with a value; not {brief(args[at])}")
            named.setdefault(word.replace("-", "_"), args[at + 1])
        return args[:most], named

    def function(self, value: Datum, env: Env | None = None) -> Function:
        """What a value is that stands for a function: one, or the name of one."""
        if isinstance(value, Function):
            return value
        if isinstance(value, Symbol):
            found = (env and env.functions.get(value)) or self.functions.get(value.name)
            if found is None and available(value.name):
                found = self.row(value.name)
            found = found or self.row(value.name)
            if found is not None and found.expand is None:
                return found
            from kring.frontend.lisp.host.blame import no_function

            raise no_function(self, value, env or self.top, None)
        raise Failure(f"{brief(value)} is no function")

    def apply(self, function: Datum, *args: Datum) -> Datum:
        """What the call of a function gives; a step, like that of a form."""
        self.spend(1)
        return self.function(function).call(list(args))
