"""Names that are free, for fields that have none or one that a language keeps for itself."""

from __future__ import annotations


def words(text: str) -> frozenset[str]:
    """The words of a text, as a set."""
    return frozenset(text.split())


def free_name(stem: str, taken: set[str]) -> str:
    """`stem` and the first number that makes it new; it is taken from then on."""
    number = 0
    while f"{stem}{number}" in taken:
        number += 1
    taken.add(f"{stem}{number}")
    return f"{stem}{number}"


def renamed(name: str, taken: set[str]) -> str:
    """`name`, with underscores behind it until it is new; it is taken from then on."""
    while name in taken:
        name += "_"
    taken.add(name)
    return name
