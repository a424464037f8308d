"""Special forms: what evaluates its operands by itself."""

from __future__ import annotations

from collections.abc import Callable

from kring.frontend.lisp.forms import Cell, Form, Symbol, listed, symbol
from kring.frontend.lisp.host.data import (
    Datum,
    Env,
    Failure,
    Leave,
    a_symbol,
    an_integer,
    brief,
    items,
    miscounted,
)
from kring.frontend.lisp.host.machine import SPECIAL, Machine
from kring.frontend.lisp.host.patterns import Misfit, bind, parse


def operands_of(form: Cell, least: int, most: int | None, usage: str) -> list[Cell]:
    """The cells of a special form's operands, so many of them."""
    cells: list[Cell] = []
    rest = form.cdr
    while isinstance(rest, Cell):
        cells.append(rest)
        rest = rest.cdr
    if len(cells) < least or (most is not None and len(cells) > most):
        raise miscounted(str(form.car), len(cells), usage)
    return cells


def _quote(machine: Machine, form: Cell, env: Env) -> Datum:
    return operands_of(form, 1, 1, "form")[0].car


def _progn(machine: Machine, form: Cell, env: Env) -> Datum:
    return machine.body(form.cdr, env)


def _prog1(machine: Machine, form: Cell, env: Env) -> Datum:
    first = operands_of(form, 1, None, "form form…")[0]
    found = machine.value(first, env)
    machine.body(first.cdr, env)
    return found


def _prog2(machine: Machine, form: Cell, env: Env) -> Datum:
    first, second, *_ = operands_of(form, 2, None, "form form form…")
    machine.value(first, env)
    found = machine.value(second, env)
    machine.body(second.cdr, env)
    return found


def _if(machine: Machine, form: Cell, env: Env) -> Datum:
    test, then, *other = operands_of(form, 2, 3, "test then [else]")
    if machine.value(test, env) is not None:
        return machine.value(then, env)
    return machine.value(other[0], env) if other else None


def _when(machine: Machine, form: Cell, env: Env) -> Datum:
    test = operands_of(form, 1, None, "test form…")[0]
    return machine.body(test.cdr, env) if machine.value(test, env) is not None else None


def _unless(machine: Machine, form: Cell, env: Env) -> Datum:
    test = operands_of(form, 1, None, "test form…")[0]
    return machine.body(test.cdr, env) if machine.value(test, env) is None else None


def _cond(machine: Machine, form: Cell, env: Env) -> Datum:
    for clause in operands_of(form, 0, None, "(test form…)…"):
        test = clause.car
        if not isinstance(test, Cell):
            raise Failure(f"{brief(test)} is no clause", "write `(test form…)`", span=clause.at)
        found = machine.value(test, env)
        if found is not None:
            return machine.body(test.cdr, env) if test.cdr is not None else found
    return None


def _case(machine: Machine, form: Cell, env: Env, strict: bool = False) -> Datum:
    key, *clauses = operands_of(form, 1, None, "key (value form…)…")
    found = machine.value(key, env)
    for at, clause in enumerate(clauses):
        if not isinstance(clause.car, Cell):
            wanted = "write `(value form…)` or `((value value) form…)`"
            raise Failure(f"{brief(clause.car)} is no clause", wanted, span=clause.at)
        keys = clause.car.car
        name = keys.name if isinstance(keys, Symbol) else ""
        default = not strict and name in ("t", "otherwise") and at + 1 == len(clauses)
        if default or (_among(found, keys)):
            return machine.body(clause.car.cdr, env)
    if strict:
        raise Failure(f"{brief(found)} is in none of the clauses of {form.car}")
    return None


def _among(value: Datum, keys: Form) -> bool:
    if keys is None:
        return False
    if not isinstance(keys, Cell):
        return eql(value, keys)
    rest: Datum = keys
    while isinstance(rest, Cell):
        if eql(value, rest.car):
            return True
        rest = rest.cdr
    return False


def eql(one: Datum, other: Datum) -> bool:
    """Whether two values are the same: one symbol, or equal numbers or characters."""
    if one is other:
        return True
    kind = one.__class__
    return kind is other.__class__ and kind.__name__ in ("int", "Char") and one == other


def _ecase(machine: Machine, form: Cell, env: Env) -> Datum:
    return _case(machine, form, env, strict=True)


def _and(machine: Machine, form: Cell, env: Env) -> Datum:
    found: Datum = symbol("t")
    for cell in operands_of(form, 0, None, "form…"):
        found = machine.value(cell, env)
        if found is None:
            return None
    return found


def _or(machine: Machine, form: Cell, env: Env) -> Datum:
    for cell in operands_of(form, 0, None, "form…"):
        found = machine.value(cell, env)
        if found is not None:
            return found
    return None


def _let(machine: Machine, form: Cell, env: Env) -> Datum:
    return _binding(machine, form, env, Env(env), False)


def _let_star(machine: Machine, form: Cell, env: Env) -> Datum:
    new = Env(env)
    return _binding(machine, form, new, new, True)


def _binding(machine: Machine, form: Cell, env: Env, new: Env, nested: bool) -> Datum:
    """`let`, its values found in `env`; each binding of `let*` is nested in the one before."""
    head = operands_of(form, 1, None, "((name value)…) form…")[0]
    dynamic: dict[Symbol, Datum] = {}
    before: dict[Symbol, Datum] = {}
    try:
        rest = head.car
        while isinstance(rest, Cell):
            name, value = _bound(machine, rest, env)
            if name in machine.special:
                before.setdefault(name, machine.variables.get(name))
                (machine.variables if nested else dynamic)[name] = value
            elif nested:
                env = new = Env(new, {name: value})
            else:
                new.variables[name] = value
            rest = rest.cdr
        machine.variables.update(dynamic)
        return machine.body(skip_declarations(head.cdr), new)
    finally:
        machine.variables.update(before)


def _bound(machine: Machine, cell: Cell, env: Env) -> tuple[Symbol, Datum]:
    """The name of a binding, `name` or `(name [value])`, and its value."""
    binding: Datum = cell.car
    name, rest = (binding.car, binding.cdr) if isinstance(binding, Cell) else (binding, None)
    if isinstance(name, Symbol) and name.name != "t" and not name.name.startswith(":"):
        if rest is None:
            return name, None
        if isinstance(rest, Cell) and rest.cdr is None:
            return name, machine.value(rest, env)
    raise Failure(f"{brief(binding)} binds nothing", "write `(name value)`", span=cell.at)


def skip_declarations(forms: Form) -> Form:
    """The forms of a body behind its declarations, which say nothing here."""
    while isinstance(forms, Cell) and isinstance(forms.car, Cell):
        first = forms.car.car
        if not (isinstance(first, Symbol) and first.name == "declare"):
            break
        forms = forms.cdr
    return forms


def _block(machine: Machine, form: Cell, env: Env) -> Datum:
    name = operands_of(form, 1, None, "name form…")[0]
    return in_block(machine, name.car, env, lambda new: machine.body(name.cdr, new))


def in_block(machine: Machine, name: Form, env: Env, run: Callable[[Env], Datum]) -> Datum:
    """What `run` gives in an environment with a block, or what that is left with."""
    token = object()
    key = symbol("nil") if name is None else a_symbol(name, "the name of a block")
    new = Env(env)
    new.blocks = {**env.blocks, key: token}
    depth = machine.depth
    try:
        return run(new)
    except Leave as leave:
        if leave.block is not token:
            raise
        machine.depth = depth
        return leave.value


def _return_from(machine: Machine, form: Cell, env: Env) -> Datum:
    name, *value = operands_of(form, 1, 2, "name [value]")
    return _leave(machine, name.car, value, env)


def _return(machine: Machine, form: Cell, env: Env) -> Datum:
    return _leave(machine, None, operands_of(form, 0, 1, "[value]"), env)


def _leave(machine: Machine, name: Form, value: list[Cell], env: Env) -> Datum:
    key = symbol("nil") if name is None else a_symbol(name, "the name of a block")
    block = env.blocks.get(key)
    if block is None:
        raise Failure(f"there is no block called {key} around this")
    raise Leave(block, machine.value(value[0], env) if value else None)


# Several values


def _bind_values(machine: Machine, form: Cell, env: Env) -> Datum:
    names, values = operands_of(form, 2, None, "(name…) values form…")[:2]
    machine.values = None
    first = machine.value(values, env)
    several = machine.values or (first,)
    new = Env(env)
    for at, name in enumerate(items(machine, names.car)):
        new.variables[a_symbol(name)] = several[at] if at < len(several) else None
    machine.values = None
    return machine.body(skip_declarations(values.cdr), new)


def _list_values(machine: Machine, form: Cell, env: Env) -> Datum:
    cell = operands_of(form, 1, 1, "values")[0]
    machine.values = None
    first = machine.value(cell, env)
    return listed(machine.values or (first,))


def _nth_value(machine: Machine, form: Cell, env: Env) -> Datum:
    number, cell = operands_of(form, 2, 2, "n values")
    at = an_integer(machine.value(number, env))
    machine.values = None
    first = machine.value(cell, env)
    several = machine.values or (first,)
    machine.values = None
    return several[at] if 0 <= at < len(several) else None


def _destructure(machine: Machine, form: Cell, env: Env) -> Datum:
    names, value = operands_of(form, 2, None, "(name…) list form…")[:2]
    found = machine.value(value, env)
    new = Env(env)
    try:
        bind(machine, parse(names.car, True), found, new, "destructuring-bind", found)
    except Misfit as misfit:
        misfit.span = form.span
        raise
    return machine.body(skip_declarations(value.cdr), new)


def _the(machine: Machine, form: Cell, env: Env) -> Datum:
    return machine.value(operands_of(form, 2, 2, "type form")[1], env)


def _nothing(machine: Machine, form: Cell, env: Env) -> Datum:
    return None


def _rest(machine: Machine, form: Cell, env: Env) -> Datum:
    """The forms behind the first operand."""
    forms = operands_of(form, 1, None, "situations form…")[0]
    return machine.body(forms.cdr, env)


def _locally(machine: Machine, form: Cell, env: Env) -> Datum:
    return machine.body(skip_declarations(form.cdr), env)


SPECIAL.update(
    {
        "quote": _quote, "progn": _progn, "prog1": _prog1, "prog2": _prog2, "if": _if,
        "when": _when, "unless": _unless, "cond": _cond, "case": _case, "ecase": _ecase,
        "and": _and, "or": _or, "let": _let, "let*": _let_star, "block": _block,
        "return-from": _return_from, "return": _return, "the": _the,
        "multiple-value-bind": _bind_values, "multiple-value-list": _list_values,
        "nth-value": _nth_value,
        "destructuring-bind": _destructure, "declare": _nothing, "declaim": _nothing,
        "in-package": _nothing, "eval-when": _rest, "locally": _locally,
    }
)  # fmt: skip
