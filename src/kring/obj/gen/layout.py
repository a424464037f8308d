"""Where a compiler of C puts fields by itself, and what must stand between them.

In:  a `Record`.
Out: `natural(record)`: its fields with the padding that C needs, bit fields as such; or
     `whole(record)`: the same in whole bytes, bit fields gathered in integers.

Padding is always written out: it can then be zeroed like any field, which the keys of maps need.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeAlias

from kring.obj.gen.records import WIDTHS, Field, Kind, Number, Raw, Record, Row, Text, size_of
from kring.record import record


@record
class Pad:
    """Unused bytes from `offset` on; or, in that byte, as many unused bits as `bits` says."""

    offset: int
    size: int
    bits: int = 0


@record
class Unit:
    """Bytes from `offset` on that hold bit fields; an integer unless `odd`."""

    offset: int
    size: int
    fields: tuple[Field, ...]

    @property
    def odd(self) -> bool:
        return self.size not in WIDTHS

    def shifts(self, field: Field) -> tuple[int, int]:
        """By how many bits the integer goes left, and then right, to leave one field of it."""
        bits = self.size * 8
        return bits - (field.bit - self.offset * 8) - field.width, bits - field.width


Part: TypeAlias = "Field | Pad"
Whole: TypeAlias = "Field | Pad | Unit"


def align_of(kind: Kind) -> int:
    """The alignment that C gives to a field of this kind, in bytes."""
    match kind:
        case Number(size=size):
            return size
        case Text() | Raw():
            return 1
        case Row(element=element):
            return align_of(element)
        case Record():
            return _align(kind) if kind.is_union or natural(kind) is not None else 1


def _align(record: Record) -> int:
    return max((align_of(field.kind) for field in record.fields), default=1)


def natural(record: Record, packed: bool = False) -> list[Part] | None:
    """The fields of a struct in order, with padding before them where C would leave less room, and
    for unused bytes; None if C would leave more. Of a `packed` one C leaves none at all."""
    parts = _natural(record, packed)
    return None if parts is None else [part for part, _ in parts]


def needed(record: Record) -> list[Part] | None:
    """As `natural`, but without the padding that C leaves by itself."""
    parts = _natural(record, False)
    return None if parts is None else [part for part, needed in parts if needed]


def _natural(record: Record, packed: bool) -> list[tuple[Part, bool]] | None:
    """Parts, and whether they must be written out."""
    parts: list[tuple[Part, bool]] = []
    end = 0
    for field in record.fields:
        if _placed(field, end, packed) < field.bit:
            gap = list(_gap(field, end))
            parts += [(pad, True) for pad in gap]
            end = field.bit if gap else end
        if _placed(field, end, packed) != field.bit:
            return None
        if not field.width and _bytes(end) < field.bit // 8:
            parts.append((Pad(_bytes(end), field.bit // 8 - _bytes(end)), False))
        parts.append((field, True))
        end = field.end
    align = 1 if packed else _align(record)
    if record.size % align:
        return None
    if _bytes(end) < record.size:
        by_itself = -(-end // (align * 8)) * align == record.size
        parts.append((Pad(_bytes(end), record.size - _bytes(end)), not by_itself))
    return parts


def _bytes(bits: int) -> int:
    return -(-bits // 8)


def _placed(field: Field, end: int, packed: bool) -> int:
    """The bit where C begins a field after one that ended at bit `end`."""
    unit = 8 if packed else align_of(field.kind) * 8
    if field.width and (packed or end % unit + field.width <= unit):
        return end
    return -(-end // unit) * unit


def _gap(field: Field, end: int) -> Iterator[Pad]:
    """What moves a field on to where it is: unused bytes, and unused bits that cross none."""
    used, start = _bytes(end), field.bit // 8
    if used < start:
        yield Pad(used, start - used)
    elif used == start and end % 8:
        yield Pad(end // 8, 0, 8 - end % 8)
    if rest := field.bit - max(end, start * 8):
        yield Pad(start, 0, rest)


def whole(record: Record) -> list[Whole]:
    """The fields of a struct and its padding, so that each byte is in exactly one of them."""
    parts: list[Whole] = []
    end = 0
    for number, field in enumerate(record.fields):
        if field.width and parts and isinstance(parts[-1], Unit) and field.end <= end * 8:
            unit = parts[-1]
            parts[-1] = Unit(unit.offset, unit.size, (*unit.fields, field))
            continue
        limit = _next_whole(record, number)
        made = _unit(field, record.fields[number:], end, limit) if field.width else None
        start = made.offset if made else field.bit // 8
        if end < start:
            parts.append(Pad(end, start - end))
        parts.append(made or field)
        end = start + (made.size if made else size_of(field.kind))
    if end < record.size:
        parts.append(Pad(end, record.size - end))
    return parts


def _next_whole(record: Record, number: int) -> int:
    """The byte that the bit fields from the given one on must leave alone."""
    later = (field.bit // 8 for field in record.fields[number:] if not field.width)
    return next(later, record.size)


def _unit(field: Field, later: Sequence[Field], end: int, limit: int) -> Unit:
    """The integer, aligned and in free bytes, that holds a bit field and those that share a byte
    with it; if there is none, bytes."""
    reach = field.end
    for other in later:
        if not other.width or other.bit >= _bytes(reach) * 8:
            break
        reach = max(reach, other.end)
    for size in (size_of(field.kind), 1, 2, 4, 8):
        start = field.bit // 8 // size * size
        stop = start + size
        cut = any(other.bit < stop * 8 < other.end for other in later if other.width)
        if end <= start and stop <= limit and reach <= stop * 8 and not cut:
            return Unit(start, size, (field,))
    start = field.bit // 8
    return Unit(start, _bytes(reach) - start, (field,))
