"""Helpers that compute: numbers read from text, texts compared, checksums.

In:  a `World` and the registers.
Out: `BY_NAME`, the functions by the kernel's names of helpers.
"""

from __future__ import annotations

from collections.abc import Callable
from errno import EINVAL, ERANGE
from struct import unpack
from typing import Final

from kring.run.vm.world import World

_BASE_MASK: Final = 0x1F
_LONGEST: Final = 64
_SPACE: Final = b" \t\n\v\f\r"
_DIGITS: Final = b"0123456789abcdef"
_MASK32: Final = 0xFFFF_FFFF


def _number(text: bytes, flags: int) -> tuple[int, int] | int:
    """Value and consumed bytes, or an error. See: kernel/bpf/helpers.c, __bpf_strtoull."""
    base = flags & _BASE_MASK
    if not text or base not in (0, 8, 10, 16) or flags & ~_BASE_MASK:
        return -EINVAL
    rest = text.lstrip(_SPACE)
    negative = rest[:1] == b"-"
    rest = rest[negative:]
    before = len(text) - len(rest)
    rest = rest[: _LONGEST - 1].lower()
    hexadecimal = rest[:2] == b"0x" and rest[2:3] != b"" and rest[2:3] in _DIGITS
    if base == 0:
        base = 16 if hexadecimal else 8 if rest[:1] == b"0" else 10
    prefix = 2 if base == 16 and rest[:2] == b"0x" else 0
    end = prefix
    while rest[end : end + 1] and rest[end : end + 1] in _DIGITS[:base]:
        end += 1
    if end == prefix:
        return -EINVAL
    value = int(rest[prefix:end], base)
    if value >> 64:
        return -ERANGE
    return -value if negative else value, before + end


def _strto(*, signed: bool) -> Callable[[World, int, int, int, int, int], int]:
    def parse(world: World, at: int, size: int, flags: int, to: int, *_: int) -> int:
        found = _number(world.memory.read(at, size), flags)
        world.memory.write(to, bytes(8))
        if isinstance(found, int):
            return found
        value, used = found
        negative = world.memory.read(at, size).lstrip(_SPACE)[:1] == b"-"
        if negative and not signed:
            return -EINVAL
        if signed and not -(1 << 63) <= value < 1 << 63:
            return -ERANGE
        world.memory.write(to, (value & ((1 << 64) - 1)).to_bytes(8, "little"))
        return used

    return parse


def _strncmp(world: World, one: int, size: int, other: int, *_: int) -> int:
    """-1, 0 or 1, by the first bytes that differ before both end."""
    left = world.memory.read(one, size)
    right = world.memory.probe(other, size, user=False)
    for a, b in zip(left, right, strict=False):
        if a != b:
            return -1 if a < b else 1
        if not a:
            break
    return 0


def _csum_diff(world: World, old: int, old_size: int, new: int, new_size: int, seed: int) -> int:
    """The folded sum of any number of bytes, as Linux gives it since 6.13."""
    seed &= _MASK32
    if old_size and new_size:
        less = ~_sum(world, old, old_size, 0) & _MASK32
        total = _carried(_sum(world, new, new_size, seed) + less)
    elif new_size:
        total = _sum(world, new, new_size, seed)
    elif old_size:
        total = ~_sum(world, old, old_size, ~seed & _MASK32) & _MASK32
    else:
        total = seed
    return (total + (total >> 16 | (total & 0xFFFF) << 16) & _MASK32) >> 16


def _sum(world: World, at: int, size: int, seed: int) -> int:
    data = world.memory.read(at, size)
    words = unpack(f"<{-(-size // 4)}I", data + bytes(-size % 4))
    return _carried(sum(words) + seed)


def _carried(total: int) -> int:
    """One's complement: what does not fit in 32 bits is added at the low end."""
    while total >> 32:
        total = (total & _MASK32) + (total >> 32)
    return total


BY_NAME: dict[str, Callable[[World, int, int, int, int, int], int]] = {
    "strtol": _strto(signed=True),
    "strtoul": _strto(signed=False),
    "strncmp": _strncmp,
    "csum_diff": _csum_diff,
}
