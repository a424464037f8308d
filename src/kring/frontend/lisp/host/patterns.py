"""Lambda lists: the operands that a function or a macro takes, and how they become variables.

    (a (b c) &optional (d 1 d-given) &rest e &key (f 2) ((:name g)) &allow-other-keys &aux (h 3))

Only those of macros and of `destructuring-bind` have lists in place of names.
"""

from __future__ import annotations

from typing import TypeAlias

from kring.frontend.diagnose import did_you_mean
from kring.frontend.lisp.forms import Cell, Form, Symbol, symbol
from kring.frontend.lisp.host.data import Datum, Env, Failure, brief
from kring.frontend.lisp.host.machine import Machine
from kring.ir.core import Span
from kring.record import field, record

Pattern: TypeAlias = "Symbol | Lambda"


@record
class Parameter:
    """One that may be left out: its default is then evaluated, and `given` is nil."""

    pattern: Pattern
    default: Cell | None = None
    given: Symbol | None = None
    key: str = ""


@record(eq=False, frozen=False)
class Lambda:
    """A lambda list."""

    whole: Symbol | None = None
    required: list[Pattern] = field(default_factory=list[Pattern])
    optional: list[Parameter] = field(default_factory=list[Parameter])
    rest: Pattern | None = None
    keys: list[Parameter] | None = None
    open_keys: bool = False
    aux: list[Parameter] = field(default_factory=list[Parameter])

    def plain(self) -> bool:
        """Whether it is just some names."""
        simple = not (self.whole or self.optional or self.rest or self.aux)
        return simple and self.keys is None and all(type(p) is Symbol for p in self.required)


class Misfit(Failure):
    """Operands that a lambda list does not take."""


_SECTIONS = ("&whole", "&optional", "&rest", "&key", "&aux", "&environment")
"""What begins a part of a lambda list; `&body` is `&rest`."""


def parse(form: Form, lists: bool) -> Lambda:
    """The lambda list that a form is; `lists` if it may have lists in place of names."""
    made = Lambda()
    section = before = ""
    rest: Datum = form
    while isinstance(rest, Cell):
        car = rest.car
        word = car.name if isinstance(car, Symbol) else ""
        if word == "&allow-other-keys" and section == "&key":
            made.open_keys = True
        elif word.startswith("&"):
            before, section = section, _section(rest, word, section, lists)
            if section == "&key":
                made.keys = []
        elif section == "&whole" and made.whole is None:
            made.whole = _name(rest)
            section = ""
        elif section == "&environment":
            _ignored(made, rest)
            section = before
        else:
            _PARTS[section](made, rest, lists)
        rest = rest.cdr
    if rest is not None:
        if not lists or made.rest is not None or not isinstance(rest, Symbol):
            raise Failure(f"{brief(form)} is no list of operands")
        made.rest = rest
    _distinct(made, set())
    return made


def _distinct(pattern: Pattern | None, seen: set[Symbol]) -> None:
    """Refuse a name that is bound twice."""
    if isinstance(pattern, Symbol):
        if pattern in seen:
            raise Failure(f"two operands are called {pattern}")
        seen.add(pattern)
    elif pattern is not None:
        others = [*pattern.optional, *(pattern.keys or ()), *pattern.aux]
        inner = [pattern.whole, *pattern.required, pattern.rest]
        for one in [*inner, *(other.pattern for other in others)]:
            _distinct(one, seen)


def _section(cell: Cell, word: str, section: str, lists: bool) -> str:
    word = "&rest" if word == "&body" else word
    order = [one for one in _SECTIONS if one not in ("&whole", "&environment")]
    if word not in _SECTIONS or (word in ("&whole", "&environment") and not lists):
        hint = did_you_mean(word, [*_SECTIONS, "&body", "&allow-other-keys"])
        raise Failure(f"{word} means nothing in a list of operands. {hint}", span=cell.at)
    if word in order and section in order and order.index(word) <= order.index(section):
        raise Failure(f"{word} stands behind {section} here", _ORDER, span=cell.at)
    if not isinstance(cell.cdr, Cell) and word != "&key":
        raise Failure(f"behind {word} there is no name", span=cell.at)
    return word


_ORDER = "the order is: &whole, names, &optional, &rest or &body, &key, &aux"


def _name(cell: Cell) -> Symbol:
    name = cell.car
    if not isinstance(name, Symbol) or name.name.startswith(":") or name.name == "t":
        raise Failure(f"{brief(name)} is no name of an operand", span=cell.at)
    return name


def _pattern(cell: Cell, lists: bool) -> Pattern:
    if lists and (cell.car is None or isinstance(cell.car, Cell)):
        return parse(cell.car, True)
    return _name(cell)


def _required(made: Lambda, cell: Cell, lists: bool) -> None:
    made.required.append(_pattern(cell, lists))


def _optional(made: Lambda, cell: Cell, lists: bool) -> None:
    made.optional.append(_parameter(cell, lists))


def _rest(made: Lambda, cell: Cell, lists: bool) -> None:
    if made.rest is not None:
        raise Failure("only one name stands behind &rest or &body", span=cell.at)
    made.rest = _pattern(cell, lists)


def _key(made: Lambda, cell: Cell, lists: bool) -> None:
    assert made.keys is not None
    made.keys.append(_parameter(cell, lists, keyword=True))


def _aux(made: Lambda, cell: Cell, lists: bool) -> None:
    made.aux.append(_parameter(cell, False))


def _ignored(made: Lambda, cell: Cell) -> None:
    """There are no environments to give: the name is bound to nil."""
    made.aux.append(Parameter(_name(cell)))


_PARTS = {
    "": _required,
    "&optional": _optional,
    "&rest": _rest,
    "&key": _key,
    "&aux": _aux,
    "&whole": _required,
}


def _parameter(cell: Cell, lists: bool, keyword: bool = False) -> Parameter:
    """`name`, or `(name [default [given]])`, where name may be `(:keyword name)`."""
    spec = cell.car
    if not isinstance(spec, Cell):
        name = _name(cell)
        return Parameter(name, key=f":{name}")
    inner, key = spec, ""
    if keyword and isinstance(spec.car, Cell):
        word, rest = spec.car.car, spec.car.cdr
        if not isinstance(word, Symbol) or not isinstance(rest, Cell):
            raise Failure(f"{brief(spec.car)} is no `(:keyword name)`", span=cell.at)
        key, inner = word.name, rest
    pattern = _pattern(inner, lists)
    default = spec.cdr if isinstance(spec.cdr, Cell) else None
    given = default.cdr if default and isinstance(default.cdr, Cell) else None
    if given is not None and given.cdr is not None:
        raise Failure(f"{brief(spec)} is too long: `(name default given)`", span=cell.at)
    return Parameter(pattern, default, _name(given) if given else None, key or f":{brief(pattern)}")


def bind(machine: Machine, pattern: Lambda, args: Datum, env: Env, name: str, form: Datum) -> None:
    """Bind the names of a lambda list to some operands, in an environment that is new.

    `name` is whose operands they are; `form` is what `&whole` stands for.
    """
    if pattern.whole is not None:
        env.variables[pattern.whole] = form
    rest = args
    for one in pattern.required:
        if not isinstance(rest, Cell):
            raise _misfit(pattern, args, name, form)
        _assign(machine, one, rest, env, name)
        rest = rest.cdr
    for parameter in pattern.optional:
        cell = rest if isinstance(rest, Cell) else None
        _fill(machine, parameter, cell, env, name)
        rest = rest.cdr if isinstance(rest, Cell) else rest
    if pattern.rest is not None:
        _assign(machine, pattern.rest, Cell(rest), env, name)
    elif rest is not None and pattern.keys is None:
        raise _misfit(pattern, args, name, form)
    if pattern.keys is not None:
        _bind_keys(machine, pattern, pattern.keys, rest, env, name)
    for parameter in pattern.aux:
        _fill(machine, parameter, None, env, name)


def _assign(machine: Machine, pattern: Pattern, cell: Cell, env: Env, name: str) -> None:
    if isinstance(pattern, Symbol):
        env.variables[pattern] = cell.car
        if cell.at is not None:
            env.places = env.places or {}
            env.places[pattern] = cell.at
        return
    if cell.car is not None and not isinstance(cell.car, Cell):
        wanted = f"{name} wants a list here: ({usage(pattern)})"
        raise Misfit(f"{brief(cell.car)} is no list", wanted, span=cell.at)
    bind(machine, pattern, cell.car, env, name, cell.car)


def _fill(machine: Machine, parameter: Parameter, cell: Cell | None, env: Env, name: str) -> None:
    """Bind a parameter to the element of a list, or to its default."""
    if cell is None:
        default = parameter.default
        cell = Cell(machine.value(default, env) if default else None)
        given = False
    else:
        given = True
    _assign(machine, parameter.pattern, cell, env, name)
    if parameter.given is not None:
        env.variables[parameter.given] = symbol("t") if given else None


def _bind_keys(
    machine: Machine, pattern: Lambda, keys: list[Parameter], rest: Datum, env: Env, name: str
) -> None:
    found: dict[str, Cell] = {}
    known = [parameter.key for parameter in keys]
    strange: Cell | None = None
    while isinstance(rest, Cell):
        word = rest.car.name if isinstance(rest.car, Symbol) else ""
        if not isinstance(rest.cdr, Cell):
            raise Misfit(f"{brief(rest.car)} has no value behind it", span=rest.at)
        if word == ":allow-other-keys" and rest.cdr.car is not None:
            strange = None
            known.append(word)
        elif word not in known and not pattern.open_keys:
            strange = strange or rest
        found.setdefault(word, rest.cdr)
        rest = rest.cdr.cdr
    if strange is not None and ":allow-other-keys" not in found:
        hint = did_you_mean(brief(strange.car), known)
        raise Misfit(f"{name} takes no {brief(strange.car)}. {hint}", span=strange.at)
    for parameter in keys:
        _fill(machine, parameter, found.get(parameter.key), env, name)


def _misfit(pattern: Lambda, args: Datum, name: str, form: Datum) -> Misfit:
    count = 0
    rest = args
    while isinstance(rest, Cell):
        count, rest = count + 1, rest.cdr
    span: Span | None = form.span if isinstance(form, Cell) else None
    if form is args:
        return Misfit(f"{brief(args)} is not ({usage(pattern)}), as {name} wants it", span=span)
    inside = usage(pattern)
    wanted = f"({name} {inside})" if inside else f"({name})"
    given = f"{count} operand{'s' * (count != 1)}"
    return Misfit(f"{name} is given {given}", f"write `{wanted}`", span=span)


def usage(pattern: Lambda) -> str:
    """The operands of a lambda list as those of the language's forms are written."""
    words = [_word(one) for one in pattern.required]
    words += [f"[{_word(parameter.pattern)}]" for parameter in pattern.optional]
    if pattern.rest is not None and not pattern.keys:
        words.append(f"{_word(pattern.rest)}…")
    words += [f"[{parameter.key}]" for parameter in pattern.keys or ()]
    return " ".join(words)


def _word(pattern: Pattern) -> str:
    return pattern.name if isinstance(pattern, Symbol) else f"({usage(pattern)})"
