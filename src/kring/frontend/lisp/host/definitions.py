"""Forms that define names for the whole file: macros, functions, variables and constants."""

from __future__ import annotations

from kring.frontend.lisp.forms import Cell, Symbol
from kring.frontend.lisp.host.closures import closure_named, macro
from kring.frontend.lisp.host.data import Datum, Env, Failure, a_symbol, brief, miscounted
from kring.frontend.lisp.host.machine import SPECIAL, Machine
from kring.frontend.lisp.host.special import operands_of


def _defmacro(machine: Machine, form: Cell, env: Env) -> Datum:
    name, head = _named(form)
    machine.macros[name.name] = macro(machine, name.name, head, env, form.span)
    machine.functions.pop(name.name, None)
    return name


def _defun(machine: Machine, form: Cell, env: Env) -> Datum:
    name, head = _named(form)
    machine.functions[name.name] = closure_named(machine, name.name, head, env, form.span)
    machine.macros.pop(name.name, None)
    return name


def _named(form: Cell) -> tuple[Symbol, Cell]:
    """The name of a function or macro, and the list of its operands with what follows."""
    cells = operands_of(form, 1, None, _FUNCTION)
    if len(cells) == 1:
        raise miscounted(str(form.car), 1, _FUNCTION)
    name, head = cells[:2]
    if isinstance(name.car, Cell):
        raise Failure(
            f"{brief(name.car)} cannot be defined",
            "only a name can: write a function that sets, and call it",
            span=name.at,
        )
    if head.car is not None and not isinstance(head.car, Cell):
        raise Failure(
            f"{brief(head.car)} is no list of operands",
            f"write `({form.car} {name.car} (operand…) form…)`",
            span=head.at,
        )
    return _a_name(name, "a function"), head


_FUNCTION = "name (operand…) form…"


def _a_name(cell: Cell, what: str) -> Symbol:
    name = a_symbol(cell.car, f"the name of {what}")
    if name.name == "t" or name.name.startswith(":"):
        raise Failure(f"{name} means itself and cannot be defined", span=cell.at)
    return name


def _defparameter(machine: Machine, form: Cell, env: Env) -> Datum:
    name, value, *_ = operands_of(form, 2, 3, "name value [description]")
    return define(machine, _a_name(name, "a variable"), machine.value(value, env))


def _defvar(machine: Machine, form: Cell, env: Env) -> Datum:
    name, *value = operands_of(form, 1, 3, "name [value [description]]")
    symbol = _a_name(name, "a variable")
    machine.special.add(symbol)
    if value and symbol not in machine.variables:
        define(machine, symbol, machine.value(value[0], env))
    return symbol


def _defconstant(machine: Machine, form: Cell, env: Env) -> Datum:
    name, cell, *_ = operands_of(form, 2, 3, "name value [description]")
    symbol = _a_name(name, "a constant")
    value = machine.value(cell, env)
    before = machine.constants.get(symbol)
    if before is not None and machine.variables[symbol] != value:
        where = f" on line {before.line}" if before.line else " already"
        raise Failure(
            f"{symbol} is a constant of {brief(machine.variables[symbol])}{where}",
            "a constant has one value: give this one another name",
            span=name.at,
        )
    machine.variables[symbol] = value
    machine.constants[symbol] = form.span or machine.here
    return symbol


def define(machine: Machine, name: Symbol, value: Datum) -> Symbol:
    """Give a variable of the file a value; `let` then binds it for what is called inside, too."""
    if name in machine.constants:
        raise Failure(f"{name} is a constant", "its value does not change")
    machine.special.add(name)
    machine.variables[name] = value
    return name


SPECIAL.update(
    {
        "defmacro": _defmacro,
        "defun": _defun,
        "defparameter": _defparameter,
        "defvar": _defvar,
        "defconstant": _defconstant,
    }
)
