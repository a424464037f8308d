"""Forms that fail on purpose, and those that go on after a failure."""

from __future__ import annotations

from kring.frontend.lisp.forms import Cell, Symbol, symbol
from kring.frontend.lisp.host.data import Condition, Datum, Env, Failure, a_symbol, brief, truth
from kring.frontend.lisp.host.machine import FUNCTIONS, SPECIAL, Machine, Row
from kring.frontend.lisp.host.special import operands_of
from kring.ir.core import Span


def _error(machine: Machine, what: Datum, *args: Datum) -> Datum:
    raise _failure(machine, what, args)


def _failure(machine: Machine, what: Datum, args: tuple[Datum, ...]) -> Failure:
    """What the author of a macro says of how it is used: a text, or the name of a condition."""
    from kring.frontend.lisp.host.formatting import format_text
    from kring.frontend.lisp.host.printing import printed

    if isinstance(what, Condition):
        failure = Failure(what.message)
    elif what.__class__ is str:
        failure = Failure(format_text(machine, what, list(args)))
    else:
        failure = Failure(" ".join([brief(what), *(printed(machine, arg) for arg in args)]))
    failure.said = True
    return failure


def _continuable(machine: Machine, going_on: Datum, what: Datum, *args: Datum) -> Datum:
    raise _failure(machine, what, args)


def _warn(machine: Machine, what: Datum, *args: Datum) -> Datum:
    failure = _failure(machine, what, args)
    if machine.tell is not None:
        machine.tell(machine.here, failure.message)
    return None


def _assert(machine: Machine, form: Cell, env: Env) -> Datum:
    test, *rest = operands_of(form, 1, None, "test [(place…) [text value…]]")
    if machine.value(test, env) is not None:
        return None
    if len(rest) > 1:
        what, *args = [machine.value(cell, env) for cell in rest[1:]]
        raise _failure(machine, what, tuple(args))
    failure = Failure(f"{brief(test.car)} does not hold")
    failure.said = True
    raise failure


def _check_type(machine: Machine, form: Cell, env: Env) -> Datum:
    place, kind, *text = operands_of(form, 2, 3, "place type [text]")
    found = machine.value(place, env)
    if _is_of(machine, found, kind.car):
        return None
    wanted = machine.value(text[0], env) if text else f"a {brief(kind.car)}"
    failure = Failure(f"{brief(place.car)} is {brief(found)}, not {wanted}")
    failure.said = True
    raise failure


_TYPES = {
    "symbol": "symbolp", "keyword": "keywordp", "integer": "integerp", "fixnum": "integerp",
    "number": "numberp", "string": "stringp", "list": "listp", "cons": "consp", "atom": "atom",
    "null": "null", "character": "characterp", "function": "functionp", "bignum": "integerp",
    "rational": "integerp", "real": "integerp", "hash-table": "hash-table-p",
}  # fmt: skip
"""The function that says whether a value is of a type."""


def _is_of(machine: Machine, value: Datum, kind: Datum) -> bool:
    """Whether a value is of the type of a name, or of an expression such as `(or symbol null)`."""
    if isinstance(kind, Symbol):
        if kind.name == "t":
            return True
        if kind.name == "boolean":
            return value is None or value is symbol("t")
        if kind.name in ("unsigned-byte", "bit"):
            return _within(value, 0, 1 if kind.name == "bit" else None)
        if kind.name in _TYPES:
            return machine.apply(symbol(_TYPES[kind.name]), value) is not None
    if isinstance(kind, Cell) and isinstance(kind.car, Symbol):
        return _is_of_many(machine, value, kind.car.name, kind.cdr, kind)
    raise Failure(f"no type is called {brief(kind)}", f"there are: {', '.join(_TYPES)}")


def _is_of_many(machine: Machine, value: Datum, name: str, rest: Datum, kind: Datum) -> bool:
    parts: list[Datum] = []
    while isinstance(rest, Cell):
        parts.append(rest.car)
        rest = rest.cdr
    match name:
        case "or":
            return any(_is_of(machine, value, part) for part in parts)
        case "and":
            return all(_is_of(machine, value, part) for part in parts)
        case "not" if parts:
            return not _is_of(machine, value, parts[0])
        case "member":
            return any(value is part or value == part for part in parts)
        case "eql" if parts:
            return value is parts[0] or value == parts[0]
        case "satisfies" if parts:
            return machine.apply(parts[0], value) is not None
        case "integer":
            low, high, *_ = [
                *(part if part.__class__ is int else None for part in parts),
                None,
                None,
            ]
            return _within(value, low, high)
        case "unsigned-byte" if parts and parts[0].__class__ is int:
            return _within(value, 0, (1 << parts[0]) - 1)
        case "signed-byte" if parts and parts[0].__class__ is int:
            return _within(value, -(1 << parts[0] - 1), (1 << parts[0] - 1) - 1)
        case "cons" | "list" | "string":
            return _is_of(machine, value, symbol(name))
        case _:
            raise Failure(f"no type is called {brief(kind)}")


def _within(value: Datum, low: int | None, high: int | None) -> bool:
    if value.__class__ is not int:
        return False
    return (low is None or value >= low) and (high is None or value <= high)


def _typep(machine: Machine, value: Datum, kind: Datum) -> Datum:
    return truth(_is_of(machine, value, kind))


def _typecase(machine: Machine, form: Cell, env: Env) -> Datum:
    key, *clauses = operands_of(form, 1, None, "value (type form…)…")
    found = machine.value(key, env)
    for clause in clauses:
        if not isinstance(clause.car, Cell):
            wanted = "write `(type form…)`"
            raise Failure(f"{brief(clause.car)} is no clause", wanted, span=clause.at)
        kind = clause.car.car
        if brief(kind) == "otherwise" or _is_of(machine, found, kind):
            return machine.body(clause.car.cdr, env)
    if isinstance(form.car, Symbol) and form.car.name == "etypecase":
        raise Failure(f"{brief(found)} is in none of the clauses of etypecase")
    return None


# Going on after a failure

_CAUGHT = 10
"""Steps that a failure takes."""


def _handler_case(machine: Machine, form: Cell, env: Env) -> Datum:
    cell, *clauses = operands_of(form, 1, None, "form (condition ([name]) form…)…")
    here, depth = machine.here, machine.depth
    try:
        found = machine.value(cell, env)
    except Failure as failure:
        machine.spend(_CAUGHT)
        for clause in clauses:
            if _catches(clause):
                machine.here, machine.depth = here, depth
                return _handled(machine, clause, failure.message, env)
        raise
    for clause in clauses:
        if isinstance(clause.car, Cell) and brief(clause.car.car) == ":no-error":
            function = machine.call(Cell(symbol("lambda"), clause.car.cdr), env)
            return machine.apply(function, found)
    return found


_CONDITIONS = (
    "error", "serious-condition", "condition", "simple-error", "t", "type-error", "program-error",
    "arithmetic-error", "division-by-zero", "unbound-variable", "undefined-function", "parse-error",
)  # fmt: skip


def _catches(clause: Cell) -> bool:
    """Whether a clause is for failures: their kinds are not told apart."""
    if not (isinstance(clause.car, Cell) and isinstance(clause.car.cdr, Cell)):
        wanted = "write `(error (name) form…)`"
        raise Failure(f"{brief(clause.car)} is no clause", wanted, span=clause.at)
    return brief(clause.car.car) in _CONDITIONS


def _handled(machine: Machine, clause: Cell, message: str, env: Env) -> Datum:
    assert isinstance(clause.car, Cell)
    assert isinstance(clause.car.cdr, Cell)
    names, new = clause.car.cdr.car, Env(env)
    if isinstance(names, Cell):
        new.variables[a_symbol(names.car, "the name of a condition")] = Condition(message)
    return machine.body(clause.car.cdr.cdr, new)


def _ignore_errors(machine: Machine, form: Cell, env: Env) -> Datum:
    here, depth = machine.here, machine.depth
    try:
        return machine.body(form.cdr, env)
    except Failure as failure:
        machine.spend(_CAUGHT)
        machine.here, machine.depth = here, depth
        machine.values = None, Condition(failure.message)
        return None


def _unwind_protect(machine: Machine, form: Cell, env: Env) -> Datum:
    first = operands_of(form, 1, None, "form form…")[0]
    try:
        return machine.value(first, env)
    finally:
        here: Span = machine.here
        machine.body(first.cdr, env)
        machine.here = here


SPECIAL.update(
    {
        "assert": _assert,
        "check-type": _check_type,
        "typecase": _typecase,
        "etypecase": _typecase,
        "handler-case": _handler_case,
        "ignore-errors": _ignore_errors,
        "unwind-protect": _unwind_protect,
    }
)
FUNCTIONS.update(
    {
        "error": Row("text value…", _error),
        "warn": Row("text value…", _warn),
        "cerror": Row("text text value…", _continuable),
        "typep": Row("value type", _typep),
    }
)
