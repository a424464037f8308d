"""Functions of strings, characters and the names of symbols.

The name of a symbol is in upper case, as it is in Common Lisp; `intern` folds what it gets.
"""

from __future__ import annotations

from itertools import pairwise

from kring.frontend.lisp.atoms import Malformed, integer, named
from kring.frontend.lisp.forms import Char, Symbol
from kring.frontend.lisp.host.data import (
    Datum,
    Failure,
    a_symbol,
    an_integer,
    brief,
    items,
    text,
    truth,
)
from kring.frontend.lisp.host.machine import FUNCTIONS, Machine, Row


def string(value: Datum) -> str:
    """The string that a value stands for: a name, a character, or a string."""
    if value.__class__ is str:
        return value
    if value is None:
        return "NIL"
    if isinstance(value, Symbol):
        return value.name.removeprefix(":").upper()
    if isinstance(value, Char):
        return str(value)
    raise Failure(f"{brief(value)} is no string")


def _string(machine: Machine, value: Datum) -> Datum:
    return string(value)


def _upcase(machine: Machine, value: Datum) -> Datum:
    return text(string(value).upper())


def _downcase(machine: Machine, value: Datum) -> Datum:
    return text(string(value).lower())


def _capitalize(machine: Machine, value: Datum) -> Datum:
    return text(string(value).title())


def _intern(machine: Machine, name: Datum, package: Datum = None) -> Datum:
    keyword = isinstance(package, Symbol) and package.name == ":keyword"
    return named(f":{_a_string(name)}" if keyword else _a_string(name))


def _a_string(value: Datum) -> str:
    if value.__class__ is str:
        return value
    hint = ("write `(symbol-name …)` around it",) if isinstance(value, Symbol) else ()
    raise Failure(f"{brief(value)} is no string", *hint)


def _symbol_name(machine: Machine, value: Datum) -> Datum:
    return "NIL" if value is None else string(a_symbol(value, "a symbol"))


def _make_symbol(machine: Machine, name: Datum) -> Datum:
    return Symbol(_a_string(name).lower())


def _gensym(machine: Machine, name: Datum = "g") -> Datum:
    """A symbol that is nobody else's; its name has a number that no other has."""
    machine.made += 1
    prefix = _a_string(name).lower() if name.__class__ is not int else "g"
    return Symbol(f"{prefix}{machine.made}")


def _char(machine: Machine, value: Datum, at: Datum) -> Datum:
    found, index = string(value), an_integer(at)
    if not 0 <= index < len(found):
        raise Failure(f"{brief(value)} has no character {index}")
    return Char(found[index])


def _character(machine: Machine, value: Datum) -> Datum:
    return _char(machine, value, 0)


def _char_code(machine: Machine, value: Datum) -> Datum:
    return ord(_a_char(value))


def _a_char(value: Datum) -> str:
    if isinstance(value, Char):
        return value
    raise Failure(f"{brief(value)} is no character")


def _code_char(machine: Machine, value: Datum) -> Datum:
    code = an_integer(value)
    if not 0 <= code < 0x110000:
        raise Failure(f"no character has the code {code}")
    return Char(chr(code))


def _parse_integer(
    machine: Machine,
    value: Datum,
    *,
    start: Datum = 0,
    end: Datum = None,
    radix: Datum = 10,
    junk_allowed: Datum = None,
) -> Datum:
    digits = _a_string(value)[an_integer(start) : end].strip()
    base = a_base(radix)
    unsigned = digits[1:] if digits[:1] in ("+", "-") else digits
    try:
        if not unsigned.isalnum():
            raise Malformed(f"{digits} is no number")
        found = integer(unsigned, base, digits)
    except Malformed:
        if junk_allowed is not None:
            return None
        raise Failure(f"{brief(value)} is no integer") from None
    return -found if digits[0] == "-" else found


def a_base(value: Datum) -> int:
    base = an_integer(value, "a base")
    if not 2 <= base <= 36:
        raise Failure(f"{base} is no base", "2 to 36 are")
    return base


def _compared(holds: str, fold: bool) -> Row:
    def call(machine: Machine, one: Datum, other: Datum) -> Datum:
        first, second = string(one), string(other)
        machine.spend(min(len(first), len(second)) // 64)
        if fold:
            first, second = first.lower(), second.lower()
        return truth((first > second) - (first < second) in _ORDERS[holds])

    return Row("string string", call)


_ORDERS = {"=": (0,), "/=": (-1, 1), "<": (-1,), ">": (1,), "<=": (-1, 0), ">=": (0, 1)}


def _chars(holds: str, fold: bool) -> Row:
    def call(machine: Machine, *values: Datum) -> Datum:
        found = [_a_char(value).lower() if fold else _a_char(value) for value in values]
        pairs = pairwise(found)
        return truth(all((a > b) - (a < b) in _ORDERS[holds] for a, b in pairs))

    return Row("char char…", call)


def _trim(left: bool, right: bool) -> Row:
    def call(machine: Machine, bag: Datum, value: Datum) -> Datum:
        letters = bag if bag.__class__ is str else "".join(map(_a_char, items(machine, bag)))
        found = string(value)
        if left:
            found = found.lstrip(letters)
        return found.rstrip(letters) if right else found

    return Row("characters string", call)


def _stringp(machine: Machine, value: Datum) -> Datum:
    return truth(value.__class__ is str)


def _characterp(machine: Machine, value: Datum) -> Datum:
    return truth(isinstance(value, Char))


def _digit(machine: Machine, value: Datum, radix: Datum = 10) -> Datum:
    try:
        return int(_a_char(value), a_base(radix))
    except ValueError:
        return None


def _alpha(machine: Machine, value: Datum) -> Datum:
    return truth(_a_char(value).isalpha())


def _alphanumeric(machine: Machine, value: Datum) -> Datum:
    return truth(_a_char(value).isalnum())


def _upper(machine: Machine, value: Datum) -> Datum:
    return truth(_a_char(value).isupper())


def _lower(machine: Machine, value: Datum) -> Datum:
    return truth(_a_char(value).islower())


def _char_up(machine: Machine, value: Datum) -> Datum:
    return _folded(value, _a_char(value).upper())


def _char_down(machine: Machine, value: Datum) -> Datum:
    return _folded(value, _a_char(value).lower())


def _folded(value: Datum, other: str) -> Datum:
    return Char(other) if len(other) == 1 else value


def _make_string(machine: Machine, size: Datum, initial_element: Datum = None) -> Datum:
    count = an_integer(size)
    machine.spend(max(count, 0) // 64)
    return (" " if initial_element is None else _a_char(initial_element)[:1]) * count


_STRINGS = {f"string{sign}": _compared(sign, False) for sign in _ORDERS} | {
    "string-equal": _compared("=", True),
    "string-not-equal": _compared("/=", True),
    "string-lessp": _compared("<", True),
    "string-greaterp": _compared(">", True),
}

FUNCTIONS.update(
    {
        "string": Row("value", _string),
        "string-upcase": Row("string", _upcase),
        "string-downcase": Row("string", _downcase),
        "string-capitalize": Row("string", _capitalize),
        "intern": Row("string [package]", _intern),
        "find-symbol": Row("string [package]", _intern),
        "symbol-name": Row("symbol", _symbol_name),
        "make-symbol": Row("string", _make_symbol),
        "gensym": Row("[prefix]", _gensym),
        "char": Row("string n", _char),
        "schar": Row("string n", _char),
        "char-code": Row("char", _char_code),
        "char-int": Row("char", _char_code),
        "code-char": Row("code", _code_char),
        "character": Row("char", _character),
        "parse-integer": Row("string", _parse_integer, "start end radix junk-allowed"),
        **_STRINGS,
        **{f"char{sign}": _chars(sign, False) for sign in _ORDERS},
        "char-equal": _chars("=", True),
        "string-trim": _trim(True, True),
        "string-left-trim": _trim(True, False),
        "string-right-trim": _trim(False, True),
        "make-string": Row("size", _make_string, "initial-element"),
        "stringp": Row("value", _stringp),
        "characterp": Row("value", _characterp),
        "digit-char-p": Row("char [radix]", _digit),
        "alpha-char-p": Row("char", _alpha),
        "alphanumericp": Row("char", _alphanumeric),
        "upper-case-p": Row("char", _upper),
        "lower-case-p": Row("char", _lower),
        "char-upcase": Row("char", _char_up),
        "char-downcase": Row("char", _char_down),
    }
)
