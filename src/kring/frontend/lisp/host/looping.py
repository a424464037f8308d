"""`loop`: its clauses, and how they are run.

    (loop for x in list for i from 0 when (oddp x) collect (* x i) into odd finally (return odd))

A loop is parsed into steps, which share its environment and a `Run`, and then turned until a
step ends it. Clauses of iteration step in the order in which they are written.
"""

from __future__ import annotations

from collections.abc import Callable

from kring.frontend.diagnose import did_you_mean
from kring.frontend.lisp.forms import Cell, Symbol, symbol
from kring.frontend.lisp.host.data import (
    Datum,
    Env,
    Failure,
    a_symbol,
    an_integer,
    brief,
    items,
    make_list,
)
from kring.frontend.lisp.host.gathering import GATHER, Run, begin
from kring.frontend.lisp.host.iterating import ITERATIONS, Ended, Step, Words
from kring.frontend.lisp.host.machine import SPECIAL, Machine
from kring.frontend.lisp.host.patterns import Pattern
from kring.frontend.lisp.host.special import in_block
from kring.record import field, record


@record(eq=False, frozen=False)
class _Loop:
    """What the clauses of a loop say: what starts it, what each turn steps and does, its end.

    A step of `before` is run before each turn but those of its own start: each clause of iteration
    has its first step and its next.
    """

    turns: list[tuple[Step, Step]] = field(default_factory=list["tuple[Step, Step]"])
    initially: list[Step] = field(default_factory=list[Step])
    body: list[Step] = field(default_factory=list[Step])
    final: list[Step] = field(default_factory=list[Step])
    name: Symbol | None = None


def _loop(machine: Machine, form: Cell, env: Env) -> Datum:
    if all(isinstance(one, Cell) for one in items(machine, form.cdr)):
        return _forever(machine, form, env)
    loop, words = _Loop(), Words(machine, form.cdr)
    if words.take("named"):
        loop.name = a_symbol(words.cell("a name").car, "the name of a loop")
    while words.rest is not None:
        _clause(loop, words)
    return in_block(machine, loop.name, env, lambda outer: _running(machine, loop, outer))


def _forever(machine: Machine, form: Cell, env: Env) -> Datum:
    def run(outer: Env) -> Datum:
        while True:
            machine.spend(1)
            machine.body(form.cdr, outer)

    return in_block(machine, None, env, run)


def _running(machine: Machine, loop: _Loop, env: Env) -> Datum:
    run = Run(machine, Env(env))
    try:
        for first, _ in loop.turns:
            first(run)
        for step in loop.initially:
            step(run)
        while True:
            machine.spend(1)
            for step in loop.body:
                step(run)
            # closures made in a turn keep its bindings
            run.env = Env(env, dict(run.env.variables))
            for _, following in loop.turns:
                following(run)
    except Ended:
        pass
    for name, values in run.lists.items():
        made = make_list(machine, values)
        run.gathered[name] = made
        if name is not None:
            run.env.variables[name] = made
    for step in loop.final:
        step(run)
    return run.gathered.get(None)


def _clause(loop: _Loop, words: Words) -> None:
    """Take in the clause that comes next."""
    word = words.word()
    if word in ("for", "as", "with", "repeat", "initially", "finally", "while", "until"):
        words.take(word)
        _CLAUSES[word](loop, words)
    elif word == "always" or word == "never" or word == "thereis":
        words.take(word)
        loop.body.append(_judging(word, words.cell("a form"), loop))
    else:
        loop.body.append(_action(words, loop))


def _for(loop: _Loop, words: Words) -> None:
    while True:
        pattern = words.pattern()
        word = words.word()
        if word not in ITERATIONS:
            hint = did_you_mean(word, list(ITERATIONS))
            at = words.rest.at if isinstance(words.rest, Cell) else None
            shown = brief(words.rest.car) if isinstance(words.rest, Cell) else "nothing"
            raise Failure(f"{shown} says not how a name of loop gets its values. {hint}", span=at)
        loop.turns.append(ITERATIONS[word](words, pattern))
        if not words.take("and"):
            return


def _nothing(run: Run) -> None:
    pass


def _with(loop: _Loop, words: Words) -> None:
    while True:
        pattern = words.pattern()
        value = words.cell("a value") if words.take("=") else None

        def first(run: Run, pattern: Pattern | None = pattern, value: Cell | None = value) -> None:
            run.set(pattern, run.machine.value(value, run.env) if value else None)

        loop.turns.append((first, _nothing))
        if not words.take("and"):
            return


def _repeat(loop: _Loop, words: Words) -> None:
    source = words.cell("a number")
    key = id(source)

    def first(run: Run) -> None:
        run.state[key] = an_integer(run.machine.value(source, run.env)) + 1
        following(run)

    def following(run: Run) -> None:
        run.state[key] -= 1
        if run.state[key] <= 0:
            raise Ended

    loop.turns.append((first, following))


def _forms(words: Words) -> Step:
    """The compound forms that come next, of which there is one at least."""
    cells = [words.cell("a form")]
    while isinstance(words.rest, Cell) and isinstance(words.rest.car, Cell):
        cells.append(words.cell("a form"))

    def step(run: Run) -> None:
        for cell in cells:
            run.machine.value(cell, run.env)

    return step


def _initially(loop: _Loop, words: Words) -> None:
    words.take("do", "doing")
    loop.initially.append(_forms(words))


def _finally(loop: _Loop, words: Words) -> None:
    words.take("do", "doing")
    if words.take("return"):
        loop.final.append(_returning(words.cell("a form"), loop))
    else:
        loop.final.append(_forms(words))


def _while(loop: _Loop, words: Words) -> None:
    loop.body.append(_ending(words.cell("a test"), False))


def _until(loop: _Loop, words: Words) -> None:
    loop.body.append(_ending(words.cell("a test"), True))


def _ending(test: Cell, wanted: bool) -> Step:
    def step(run: Run) -> None:
        if (run.machine.value(test, run.env) is not None) is wanted:
            raise Ended

    return step


_CLAUSES: dict[str, Callable[[_Loop, Words], None]] = {
    "for": _for,
    "as": _for,
    "with": _with,
    "repeat": _repeat,
    "initially": _initially,
    "finally": _finally,
    "while": _while,
    "until": _until,
}


def _leave(run: Run, loop: _Loop, value: Datum) -> None:
    from kring.frontend.lisp.host.data import Leave

    block = run.env.blocks.get(loop.name or symbol("nil"))
    assert block is not None
    raise Leave(block, value)


def _returning(cell: Cell, loop: _Loop) -> Step:
    return lambda run: _leave(run, loop, run.machine.value(cell, run.env))


def _judging(word: str, cell: Cell, loop: _Loop) -> Step:
    """`always`, `never`, `thereis`: a test that may decide what the loop is worth."""
    if word != "thereis":
        loop.initially.append(lambda run: run.gathered.setdefault(None, symbol("t")))

    def step(run: Run) -> None:
        found = run.machine.value(cell, run.env)
        if word == "thereis":
            if found is not None:
                _leave(run, loop, found)
        elif (found is None) is (word == "always"):
            _leave(run, loop, None)

    return step


def _action(words: Words, loop: _Loop) -> Step:
    """A clause that does something in each turn, perhaps under a condition."""
    if words.take("do", "doing"):
        return _forms(words)
    if words.take("return"):
        return _returning(words.cell("a form"), loop)
    condition = words.take("when", "if", "unless")
    if condition:
        return _conditional(words, loop, condition == "unless")
    word = words.take(*GATHER)
    if word:
        value = words.cell("a form")
        name = a_symbol(words.cell("a name").car) if words.take("into") else None
        loop.initially.append(lambda run: begin(run, word, name))
        gather = GATHER[word]
        return lambda run: gather(run, name, run.machine.value(value, run.env))
    at = words.rest.at if isinstance(words.rest, Cell) else None
    shown = brief(words.rest.car) if isinstance(words.rest, Cell) else "nothing"
    hint = did_you_mean(words.word(), [*_CLAUSES, *GATHER, "do", "when", "unless", "return"])
    raise Failure(f"{shown} begins no clause of loop. {hint}", span=at)


def _conditional(words: Words, loop: _Loop, otherwise: bool) -> Step:
    test = words.cell("a test")
    branches = [_actions(words, loop), _actions(words, loop) if words.take("else") else []]
    words.take("end")

    def step(run: Run) -> None:
        found = run.machine.value(test, run.env)
        if found is not None:
            run.env.variables[symbol("it")] = found
        for action in branches[(found is None) is not otherwise]:
            action(run)

    return step


def _actions(words: Words, loop: _Loop) -> list[Step]:
    found = [_action(words, loop)]
    while words.take("and"):
        found.append(_action(words, loop))
    return found


SPECIAL["loop"] = _loop
