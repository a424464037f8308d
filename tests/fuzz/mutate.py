"""Bytes changed as accidents and attackers change them; one number decides everything."""

from __future__ import annotations

import random
import struct
from collections.abc import Callable

_HEADER = 64
_SECTION = 64
_EXTREMES = (0, 1, 2, 3, 7, 8, 9, 0x7F, 0x80, 0xFF, 0xFFFF, 1 << 20, 2**31 - 1, 2**31, 2**32 - 1)
_WIDE = (*_EXTREMES, 1 << 32, 1 << 40, 2**63 - 1, 2**63, 2**64 - 1)
_FIELDS = ((0, 4), (4, 4), (8, 8), (16, 8), (24, 8), (32, 8), (40, 4), (44, 4), (48, 8), (56, 8))
"""Offset and size of each field of a section header."""

Change = Callable[[bytearray, random.Random], None]


def _put(data: bytearray, at: int, size: int, value: int) -> None:
    if 0 <= at <= len(data) - size:
        data[at : at + size] = (value % (1 << 8 * size)).to_bytes(size, "little")


def _place(data: bytearray, chance: random.Random) -> int:
    return chance.randrange(len(data)) if data else 0


def flip(data: bytearray, chance: random.Random) -> None:
    for _ in range(chance.choice((1, 1, 1, 2, 8))):
        if data:
            data[_place(data, chance)] ^= 1 << chance.randrange(8)


def extreme(data: bytearray, chance: random.Random) -> None:
    size = chance.choice((1, 2, 4, 4, 4, 8))
    _put(data, _place(data, chance) // size * size, size, chance.choice(_WIDE))


def nudge(data: bytearray, chance: random.Random) -> None:
    """A word that is a little more or less than it was."""
    at = _place(data, chance) & ~3
    if at + 4 <= len(data):
        (value,) = struct.unpack_from("<I", data, at)
        _put(data, at, 4, value + chance.choice((-8, -1, 1, 2, 8, 24)))


def copy_word(data: bytearray, chance: random.Random) -> None:
    at, of = _place(data, chance) & ~3, _place(data, chance) & ~3
    data[at : at + 4] = data[of : of + 4]


def truncate(data: bytearray, chance: random.Random) -> None:
    del data[_place(data, chance) :]


def repeat(data: bytearray, chance: random.Random) -> None:
    """A piece once more, which moves all behind it."""
    at = _place(data, chance)
    data[at:at] = data[at : at + chance.choice((1, 4, 8, 24, 64))]


def drop(data: bytearray, chance: random.Random) -> None:
    at = _place(data, chance)
    del data[at : at + chance.choice((1, 4, 8, 12, 24))]


_ANY: tuple[Change, ...] = (flip, flip, extreme, extreme, nudge, nudge, copy_word)
_RARE: tuple[Change, ...] = (truncate, repeat, drop)


def mutated(data: bytes, chance: random.Random) -> bytes:
    """`data` changed in a few places, anywhere."""
    changed = bytearray(data)
    for _ in range(chance.choice((1, 1, 1, 2, 3, 6))):
        chance.choice(_RARE if chance.random() < 0.08 else _ANY)(changed, chance)
    return bytes(changed)


def mutated_elf(data: bytes, chance: random.Random) -> bytes:
    """An ELF changed in its header, its section headers, or inside of one section."""
    changed = bytearray(data)
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        pick = chance.random()
        if pick < 0.1:
            _put(changed, chance.randrange(_HEADER), chance.choice((1, 2, 8)), chance.choice(_WIDE))
        elif pick < 0.35:
            _change_section(changed, chance)
        elif pick < 0.9:
            _change_inside(changed, chance)
        else:
            chance.choice(_RARE)(changed, chance)
    return bytes(changed)


def _sections(data: bytearray) -> tuple[int, int]:
    """Where section headers begin, and how many the header claims within reason."""
    if len(data) < _HEADER:
        return 0, 0
    at, count = int.from_bytes(data[40:48], "little"), int.from_bytes(data[60:62], "little")
    return (at, count) if at + count * _SECTION <= len(data) else (0, 0)


def _change_section(data: bytearray, chance: random.Random) -> None:
    at, count = _sections(data)
    if not count:
        return flip(data, chance)
    one = at + _SECTION * chance.randrange(count)
    other = at + _SECTION * chance.randrange(count)
    if chance.random() < 0.15:
        data[one : one + _SECTION], data[other : other + _SECTION] = (
            data[other : other + _SECTION],
            data[one : one + _SECTION],
        )
        return None
    offset, size = chance.choice(_FIELDS)
    old = int.from_bytes(data[one + offset : one + offset + size], "little")
    theirs = int.from_bytes(data[other + offset : other + offset + size], "little")
    near = (old + chance.choice((-8, -1, 1, 8, 64)), theirs, chance.randrange(20))
    return _put(data, one + offset, size, chance.choice((*near, chance.choice(_WIDE))))


def _change_inside(data: bytearray, chance: random.Random) -> None:
    at, count = _sections(data)
    if not count:
        return flip(data, chance)
    one = at + _SECTION * chance.randrange(count)
    begin = int.from_bytes(data[one + 24 : one + 32], "little")
    size = int.from_bytes(data[one + 32 : one + 40], "little")
    inside = data[begin : begin + size]
    if not inside:
        return nudge(data, chance)
    chance.choice(_ANY)(inside, chance)
    data[begin : begin + size] = inside
    return None
