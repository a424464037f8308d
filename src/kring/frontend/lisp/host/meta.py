"""Functions and forms about forms: evaluating them, expanding them, asking what names mean."""

from __future__ import annotations

from kring.frontend.lisp.forms import Cell, Symbol
from kring.frontend.lisp.host.data import Datum, Env, Function, a_symbol, items, truth
from kring.frontend.lisp.host.machine import FUNCTIONS, SPECIAL, Machine, Row, available
from kring.frontend.lisp.host.special import operands_of, skip_declarations


def _eval(machine: Machine, form: Datum) -> Datum:
    depth = machine.enter("eval")
    found = machine.evaluate(form, machine.top)
    machine.depth = depth
    return found


def _expand_once(machine: Machine, form: Datum, env: Datum = None) -> Datum:
    expand = _macro(machine, form)
    found = expand.expand(form) if expand and expand.expand else form
    machine.values = found, truth(expand)
    return found


def _expand(machine: Machine, form: Datum, env: Datum = None) -> Datum:
    found, macro = form, _macro(machine, form)
    while macro is not None and macro.expand is not None:
        machine.spend(1)
        found = macro.expand(found)
        macro = _macro(machine, found)
    machine.values = found, truth(found is not form)
    return found


def _macro(machine: Machine, form: Datum) -> Function | None:
    """The macro that a form uses."""
    if isinstance(form, Cell) and isinstance(form.car, Symbol):
        return machine.macros.get(form.car.name)
    return None


def _boundp(machine: Machine, name: Datum) -> Datum:
    return truth(a_symbol(name) in machine.variables)


def _fboundp(machine: Machine, name: Datum) -> Datum:
    word = a_symbol(name).name
    return truth(machine.defined(word) is not None or available(word))


def _constantp(machine: Machine, form: Datum, env: Datum = None) -> Datum:
    if isinstance(form, Symbol):
        return truth(form in machine.constants or form.name.startswith(":") or form.name == "t")
    quoted = isinstance(form, Cell) and isinstance(form.car, Symbol) and form.car.name == "quote"
    return truth(quoted or not isinstance(form, Cell))


def _functionp(machine: Machine, value: Datum) -> Datum:
    return truth(isinstance(value, Function))


def _symbol_value(machine: Machine, name: Datum) -> Datum:
    return machine.variable(a_symbol(name), machine.top, None)


def _symbol_function(machine: Machine, name: Datum) -> Datum:
    return machine.function(a_symbol(name))


def _macro_function(machine: Machine, name: Datum, env: Datum = None) -> Datum:
    return machine.macros.get(a_symbol(name).name)


def _with_gensyms(machine: Machine, form: Cell, env: Env) -> Datum:
    names = operands_of(form, 1, None, "(name…) form…")[0]
    new = Env(env)
    make = FUNCTIONS["gensym"].call
    for name in items(machine, names.car):
        symbol = a_symbol(name, "a name to bind")
        new.variables[symbol] = make(machine, symbol.name)
    return machine.body(skip_declarations(names.cdr), new)


available("gensym")
SPECIAL["with-gensyms"] = SPECIAL["with-unique-names"] = _with_gensyms
FUNCTIONS.update(
    {
        "eval": Row("form", _eval),
        "macroexpand": Row("form [environment]", _expand),
        "macroexpand-1": Row("form [environment]", _expand_once),
        "macro-function": Row("symbol [environment]", _macro_function),
        "boundp": Row("symbol", _boundp),
        "fboundp": Row("symbol", _fboundp),
        "constantp": Row("form [environment]", _constantp),
        "functionp": Row("value", _functionp),
        "symbol-value": Row("symbol", _symbol_value),
        "symbol-function": Row("symbol", _symbol_function),
        "fdefinition": Row("symbol", _symbol_function),
    }
)
