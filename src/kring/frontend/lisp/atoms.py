"""A token of Lisp text → the symbol or the integer that it stands for.

Raises `Malformed` with the reason for what is neither.
"""

from __future__ import annotations

from kring.frontend.lisp.forms import Form, symbol

MOST_BITS = 4096
"""Integers are not longer, neither in a source nor in what macros compute."""

BASES = {"x": 16, "o": 8, "b": 2}


class Malformed(Exception):
    """A token that means nothing here; `args` are the message and its notes."""


def named(name: str) -> Form:
    """The symbol of a name; nil is the empty list."""
    return None if name.lower() == "nil" else symbol(name)


def atom(token: str) -> Form:
    """The integer or symbol of a token that has no escapes."""
    first = token[0]
    if first in "0123456789+-.":
        digits = token[1:] if first in "+-" else token
        if digits.removesuffix(".").isdecimal():
            return integer(token.removesuffix("."), 10, token)
        if digits[:1] in "0123456789." and digits.strip("."):
            _refuse_number(token, digits)
    if first == ":":
        return _keyword(token)
    if ":" in token:
        return named(_without_package(token))
    if not token.strip("."):
        raise Malformed("a dot stands alone", "it belongs between two forms: `(a . b)`")
    return named(token)


def integer(text: str, base: int, token: str) -> int:
    """The integer that some digits stand for."""
    if len(text) > MOST_BITS // (base.bit_length() - 1):
        raise Malformed(f"an integer of {len(text)} digits", f"at most {MOST_BITS} bits are taken")
    try:
        if "_" in text or not text.isascii():
            raise ValueError(text)
        found = int(text, base)
    except ValueError:
        digits = "0123456789abcdefghijklmnopqrstuvwxyz"[:base]
        raise Malformed(
            f"{token} is no number", f"digits are of {digits[0]} to {digits[-1]} here"
        ) from None
    return found


def _refuse_number(token: str, digits: str) -> None:
    """Say why a token that looks like a number is none that can be computed with."""
    lowered = digits.lower()
    top, slash, bottom = lowered.partition("/")
    if slash and top.isdecimal() and bottom.isdecimal():
        raise Malformed(
            f"{token} is a ratio; there are only integers",
            f"write `(floor {top} {bottom})` in a macro for the part before the point",
        )
    mantissa, mark, exponent = lowered, "", ""
    for letter in "esfdl":
        if not mark:
            mantissa, mark, exponent = lowered.partition(letter)
    if mantissa.replace(".", "", 1).isdecimal() and (not mark or exponent.lstrip("+-").isdecimal()):
        raise Malformed(
            f"{token} is a floating-point number; there are only integers",
            "a BPF program has no registers for others: scale it, and count in thousandths",
        )
    if lowered[:2] in ("0x", "0b", "0o"):
        raise Malformed(f"{token} is no number", f"write `#{lowered[1:]}`")


def _keyword(token: str) -> Form:
    name = token.lstrip(":")
    if not name or ":" in name:
        raise Malformed(f"{token} is no name", "a keyword is written `:name`")
    return symbol(f":{name}")


def _without_package(token: str) -> str:
    """The name behind a package's, as in `cl:car`; that of a package says nothing here."""
    package, colons, name = token.partition(":")
    name = name.removeprefix(":")
    if not name or ":" in name:
        raise Malformed(f"{token} is no name", f"a symbol of a package is `{package}{colons}name`")
    return name
