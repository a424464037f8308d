"""Shared memory read and changed at once, in programs: `from kring import atomic`.

A `place` is a field of a struct in a map, an entry of a map of integers or a Global's `.value`, of
a native type of 32 or 64 bits. Each function gives what was there before. An entry that is not
there reads 0: a hash inserts it first, beyond an array's end nothing changes.
"""

from __future__ import annotations

from kring.decl.inside import only_inside


def fetch_add(place: int, amount: int, /) -> int:
    """In a program: add; what was there before."""
    only_inside("atomic.fetch_add()")


def fetch_or(place: int, bits: int, /) -> int:
    """In a program: set bits; what was there before."""
    only_inside("atomic.fetch_or()")


def fetch_and(place: int, bits: int, /) -> int:
    """In a program: clear all other bits; what was there before."""
    only_inside("atomic.fetch_and()")


def fetch_xor(place: int, bits: int, /) -> int:
    """In a program: turn bits over; what was there before."""
    only_inside("atomic.fetch_xor()")


def exchange(place: int, new: int, /) -> int:
    """In a program: store; what was there before."""
    only_inside("atomic.exchange()")


def compare_exchange(place: int, expected: int, new: int, /) -> int:
    """In a program: store `new` if `expected` is there; what was there before, so it was stored if
    that is `expected`."""
    only_inside("atomic.compare_exchange()")
