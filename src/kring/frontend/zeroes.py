"""Structs whose every byte is zero, until it is written."""

from __future__ import annotations

from collections.abc import Container, Iterator

from kring.decl.struct import Struct, layout
from kring.frontend.builder import Builder
from kring.frontend.values import Ref
from kring.ir.core import Mem, Op


def zero_fields(b: Builder, ref: Ref, but: Container[int] = ()) -> None:
    """Zero every field and gap, each for itself, so that the ones written later cost nothing;
    not those at the offsets `but`."""
    for start, size in _pieces(ref.struct):
        if start in but:
            continue
        b.emit(Op.ZERO, ref.pointer, imm=Mem(ref.offset + start, size))


def _pieces(struct: type[Struct]) -> Iterator[tuple[int, int]]:
    """Offset and size of each field, and of each gap between fields."""
    end = 0
    for field in layout(struct).fields:
        if field.offset + field.size <= end:
            continue
        if field.offset > end:
            yield end, field.offset - end
        start = max(end, field.offset)
        yield start, field.offset + field.size - start
        end = field.offset + field.size
    if layout(struct).size > end:
        yield end, layout(struct).size - end
