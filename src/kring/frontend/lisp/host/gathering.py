"""What a loop that is running has bound, and what it gathers: `collect`, `sum`, `maximize` …"""

from __future__ import annotations

from collections.abc import Callable

from kring.frontend.lisp.forms import Symbol, listed
from kring.frontend.lisp.host.data import Datum, Env, an_integer, checked, items
from kring.frontend.lisp.host.machine import Machine
from kring.frontend.lisp.host.patterns import Pattern, bind
from kring.record import field, record


@record(eq=False, frozen=False)
class Run:
    """A loop that is running. `gathered` are its accumulations, those without a name under nil;
    `state` what clauses of iteration remember."""

    machine: Machine
    env: Env
    gathered: dict[Symbol | None, Datum] = field(default_factory=dict["Symbol | None", Datum])
    lists: dict[Symbol | None, list[Datum]] = field(
        default_factory=dict["Symbol | None", "list[Datum]"]
    )
    state: dict[int, Datum] = field(default_factory=dict[int, Datum])

    def set(self, pattern: Pattern | None, value: Datum) -> None:
        """Bind a name, or the names of a list."""
        if isinstance(pattern, Symbol):
            self.env.variables[pattern] = value
        elif pattern is not None:
            bind(self.machine, pattern, value, self.env, "loop", value)


def begin(run: Run, word: str, name: Symbol | None) -> None:
    """The value of what is gathered before anything is."""
    start: Datum = 0 if word.startswith(("sum", "count")) else None
    run.gathered.setdefault(name, start)
    if name is not None:
        run.env.variables.setdefault(name, start)


def _collect(run: Run, name: Symbol | None, value: Datum) -> None:
    run.lists.setdefault(name, []).append(value)
    if name is not None:
        run.machine.spend(len(run.lists[name]) // 16)
        run.env.variables[name] = listed(run.lists[name])


def _append(run: Run, name: Symbol | None, value: Datum) -> None:
    for element in items(run.machine, value):
        run.lists.setdefault(name, []).append(element)
    if name is not None:
        run.env.variables[name] = listed(run.lists.get(name, []))


def _keep(run: Run, name: Symbol | None, value: Datum) -> None:
    run.gathered[name] = value
    if name is not None:
        run.env.variables[name] = value


def _sum(run: Run, name: Symbol | None, value: Datum) -> None:
    _keep(run, name, checked(run.gathered[name] + an_integer(value)))


def _count(run: Run, name: Symbol | None, value: Datum) -> None:
    if value is not None:
        _keep(run, name, run.gathered[name] + 1)


def _most(run: Run, name: Symbol | None, value: Datum) -> None:
    before = run.gathered[name]
    _keep(run, name, an_integer(value) if before is None else max(before, an_integer(value)))


def _least(run: Run, name: Symbol | None, value: Datum) -> None:
    before = run.gathered[name]
    _keep(run, name, an_integer(value) if before is None else min(before, an_integer(value)))


GATHER: dict[str, Callable[[Run, Symbol | None, Datum], None]] = {
    "collect": _collect, "collecting": _collect,
    "append": _append, "appending": _append, "nconc": _append, "nconcing": _append,
    "sum": _sum, "summing": _sum, "count": _count, "counting": _count,
    "maximize": _most, "maximizing": _most, "minimize": _least, "minimizing": _least,
}  # fmt: skip
