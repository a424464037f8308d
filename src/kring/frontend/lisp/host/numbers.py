"""Functions of integers, which are as long as they need to be, up to some thousand bits."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from math import gcd, isqrt, lcm

from kring.frontend.lisp.atoms import MOST_BITS
from kring.frontend.lisp.host.data import Datum, Failure, an_integer, brief, checked, truth
from kring.frontend.lisp.host.machine import FUNCTIONS, Machine, Row


def _integers(values: tuple[Datum, ...]) -> tuple[int, ...]:
    for value in values:
        if value.__class__ is not int:
            raise Failure(f"{brief(value)} is not an integer")
    return values


def _fold(start: int, step: Callable[[int, int], int]) -> Row:
    def call(machine: Machine, *values: Datum) -> Datum:
        found = start
        for value in _integers(values):
            found = checked(step(found, value))
        return found

    return Row("integer…", call)


def _minus(machine: Machine, first: Datum, *rest: Datum) -> Datum:
    found, *others = _integers((first, *rest))
    if not others:
        return checked(-found)
    for value in others:
        found = checked(found - value)
    return found


def _divide(machine: Machine, first: Datum, *rest: Datum) -> Datum:
    found, *others = _integers((first, *rest))
    if not others:
        found, others = 1, [found]
    for value in others:
        quotient, remainder = divmod(found, _divisor(value))
        if remainder:
            raise Failure(
                f"{found} / {value} is no integer", f"write `(floor {found} {value})` to round down"
            )
        found = quotient
    return found


def _divisor(value: int) -> int:
    if value == 0:
        raise Failure("a division by 0")
    return value


def _floor(number: int, divisor: int) -> int:
    return number // divisor


def _ceiling(number: int, divisor: int) -> int:
    return -(-number // divisor)


def _truncate(number: int, divisor: int) -> int:
    quotient = abs(number) // abs(divisor)
    return quotient if (number < 0) == (divisor < 0) else -quotient


def _round(number: int, divisor: int) -> int:
    quotient, twice = number // divisor, 2 * (number % divisor)
    up = abs(twice) > abs(divisor) or (abs(twice) == abs(divisor) and quotient % 2 == 1)
    return quotient + up


def _rounded(divide: Callable[[int, int], int]) -> Row:
    """A division with a rest, its second value."""

    def call(machine: Machine, number: Datum, divisor: Datum = 1) -> Datum:
        number, divisor = _integers((number, divisor))
        quotient = divide(number, _divisor(divisor))
        machine.values = quotient, number - quotient * divisor
        return quotient

    return Row("number [divisor]", call)


def _mod(machine: Machine, number: Datum, divisor: Datum) -> Datum:
    number, divisor = _integers((number, divisor))
    return number % _divisor(divisor)


def _rem(machine: Machine, number: Datum, divisor: Datum) -> Datum:
    number, divisor = _integers((number, divisor))
    return number - _truncate(number, _divisor(divisor)) * divisor


def _shift(machine: Machine, number: Datum, count: Datum) -> Datum:
    number, count = _integers((number, count))
    if count > 0 and number and count + number.bit_length() > MOST_BITS:
        raise Failure(f"a shift by {count} bits", f"integers have at most {MOST_BITS}")
    return number << count if count > 0 else number >> -count


def _power(machine: Machine, base: Datum, exponent: Datum) -> Datum:
    base, exponent = _integers((base, exponent))
    if exponent < 0 and base not in (1, -1):
        raise Failure(f"{base} to the power of {exponent} is no integer")
    if abs(base) > 1 and (base.bit_length() - 1) * exponent > MOST_BITS:
        raise Failure(
            f"{base} to the power of {exponent} is too big",
            f"integers have at most {MOST_BITS} bits",
        )
    if base == -1:
        return -1 if exponent % 2 else 1
    return checked(base ** max(exponent, 0))


def _compared(holds: Callable[[int, int], bool]) -> Row:
    def call(machine: Machine, *values: Datum) -> Datum:
        numbers = _integers(values)
        pairs = pairwise(numbers)
        return truth(all(holds(one, other) for one, other in pairs))

    return Row("integer integer…", call)


def _different(machine: Machine, *values: Datum) -> Datum:
    return truth(len(set(_integers(values))) == len(values))


def _is(holds: Callable[[int], bool]) -> Row:
    def call(machine: Machine, value: Datum) -> Datum:
        return truth(holds(an_integer(value)))

    return Row("integer", call)


def _of(result: Callable[[int], int]) -> Row:
    def call(machine: Machine, value: Datum) -> Datum:
        return checked(result(an_integer(value)))

    return Row("integer", call)


def _root(value: int) -> int:
    if value < 0:
        raise Failure(f"{value} has no integer root")
    return isqrt(value)


def _integerp(machine: Machine, value: Datum) -> Datum:
    return truth(value.__class__ is int)


def _most(choose: Callable[[tuple[int, ...]], int]) -> Row:
    def call(machine: Machine, *values: Datum) -> Datum:
        return choose(_integers(values))

    return Row("integer integer…", call)


def _many(combine: Callable[..., int]) -> Row:
    def call(machine: Machine, *values: Datum) -> Datum:
        return checked(combine(*_integers(values)))

    return Row("integer…", call)


def _logbitp(machine: Machine, bit: Datum, value: Datum) -> Datum:
    bit, value = _integers((bit, value))
    return truth(bit >= 0 and value >> bit & 1)


def _logtest(machine: Machine, one: Datum, other: Datum) -> Datum:
    return truth(an_integer(one) & an_integer(other))


FUNCTIONS.update(
    {
        "+": _fold(0, lambda a, b: a + b),
        "*": _fold(1, lambda a, b: a * b),
        "-": Row("integer integer…", _minus),
        "/": Row("integer integer…", _divide),
        "logand": _fold(-1, lambda a, b: a & b),
        "logior": _fold(0, lambda a, b: a | b),
        "logxor": _fold(0, lambda a, b: a ^ b),
        "lognot": _of(lambda a: ~a),
        "logcount": _of(lambda a: (a if a >= 0 else ~a).bit_count()),
        "logbitp": Row("bit integer", _logbitp),
        "logtest": Row("integer integer", _logtest),
        "integer-length": _of(lambda a: (a if a >= 0 else ~a).bit_length()),
        "ash": Row("integer count", _shift),
        "mod": Row("number divisor", _mod),
        "rem": Row("number divisor", _rem),
        "floor": _rounded(_floor),
        "ceiling": _rounded(_ceiling),
        "truncate": _rounded(_truncate),
        "round": _rounded(_round),
        "expt": Row("base exponent", _power),
        "isqrt": _of(_root),
        "gcd": _many(gcd),
        "lcm": _many(lcm),
        "min": _most(min),
        "max": _most(max),
        "abs": _of(abs),
        "signum": _of(lambda a: (a > 0) - (a < 0)),
        "1+": _of(lambda a: a + 1),
        "1-": _of(lambda a: a - 1),
        "=": _compared(lambda a, b: a == b),
        "<": _compared(lambda a, b: a < b),
        "<=": _compared(lambda a, b: a <= b),
        ">": _compared(lambda a, b: a > b),
        ">=": _compared(lambda a, b: a >= b),
        "/=": Row("integer integer…", _different),
        "zerop": _is(lambda a: a == 0),
        "plusp": _is(lambda a: a > 0),
        "minusp": _is(lambda a: a < 0),
        "evenp": _is(lambda a: a % 2 == 0),
        "oddp": _is(lambda a: a % 2 == 1),
        "integerp": Row("value", _integerp),
        "numberp": Row("value", _integerp),
    }
)
