"""What CO-RE asks of a place in types, answered from the types alone.

In: a question and a `Spec`, a place that is there, of either side. Out: the number; for a field,
the bytes that a load takes it from.

See: tools/lib/bpf/relo_core.c, bpf_core_calc_field_relo and those beside it.
"""

from __future__ import annotations

from typing import Final

from kring.btf.blob import Btf
from kring.btf.ext import CoreKind
from kring.btf.spec import OF_FIELDS, Spec
from kring.btf.types import MAX_DEPTH, Array, Composite, Enum, Int, Ptr
from kring.errors import ObjectError

_MOVED: Final = frozenset((CoreKind.TYPE_ID_LOCAL, CoreKind.TYPE_ID_TARGET))
_CERTAIN: Final = frozenset(
    (CoreKind.FIELD_EXISTS, CoreKind.FIELD_SIGNED, CoreKind.FIELD_RSHIFT_U64)
)
"""What compilers agree on for bitfields too."""


def answer(kind: CoreKind, spec: Spec) -> int:
    """What `kind` asks, for a place that is there."""
    match kind:
        case CoreKind.FIELD_EXISTS | CoreKind.TYPE_EXISTS | CoreKind.TYPE_MATCHES:
            return 1
        case CoreKind.ENUMVAL_EXISTS:
            return 1
        case CoreKind.TYPE_ID_LOCAL | CoreKind.TYPE_ID_TARGET:
            return spec.root
        case CoreKind.TYPE_SIZE:
            return spec.btf.size(spec.root)
        case CoreKind.ENUMVAL_VALUE:
            enum = spec.btf[spec.steps[0].type_id]
            assert isinstance(enum, Enum)
            return enum.values[spec.steps[0].index][1]
        case _:  # the kinds that ask about a field
            return Field(spec).answer(kind)


def compiled(kind: CoreKind, wanted: Spec) -> int | None:
    """What the compiler put into the instruction; None where that is not certain."""
    if kind in _MOVED:
        return None
    try:
        uncertain = kind in OF_FIELDS - _CERTAIN and Field(wanted).bits
        return None if uncertain else answer(kind, wanted)
    except ObjectError:
        return None


class Field:
    """A field as a load sees it: the aligned bytes to read, and where in them its bits are."""

    def __init__(self, spec: Spec) -> None:
        btf, last = spec.btf, spec.steps[-1]
        self.spec = spec
        self.bits = 0
        type_id = last.type_id
        if last.name:
            holder = btf[last.type_id]
            assert isinstance(holder, Composite)
            member = holder.members[last.index]
            self.bits, type_id = member.bitfield_size, member.type
        type_id = btf.strip(type_id)
        type = btf[type_id]
        self.size = btf.size(type_id)
        self.start = spec.bit_offset // 8
        if self.bits:
            self._widen()
        self.signed = isinstance(type, Int | Enum) and type.signed
        element = _element(btf, type_id)
        self.load_size = btf.size(element)
        type = btf[element]
        self.zero_extends = isinstance(type, Ptr) or (isinstance(type, Int) and not type.signed)

    def _widen(self) -> None:
        """Grow to the smallest aligned load that holds the whole bitfield."""
        end = self.spec.bit_offset + self.bits
        size = max(self.size, 1)
        self.start = self.spec.bit_offset // 8 // size * size
        while end > (self.start + size) * 8:
            if size >= 8:
                raise ObjectError(f"bitfield {self.spec} does not fit a load of 8 bytes")
            size *= 2
            self.start = self.spec.bit_offset // 8 // size * size
        self.size = size

    def answer(self, kind: CoreKind) -> int:
        if kind == CoreKind.FIELD_BYTE_OFFSET:
            return self.start
        if kind == CoreKind.FIELD_BYTE_SIZE:
            return self.size
        if not self.spec.steps[-1].name:
            raise ObjectError(f"CO-RE {kind.name} asks about a field, and {self.spec} is none")
        if kind == CoreKind.FIELD_SIGNED:
            return int(self.signed)
        width = self.bits or self.size * 8
        if kind == CoreKind.FIELD_RSHIFT_U64:
            return 64 - width
        offset = self.spec.bit_offset - self.start * 8
        if self.spec.btf.little_endian:
            return 64 - (offset + width)
        return (8 - self.size) * 8 + offset


def _element(btf: Btf, id: int) -> int:
    """The type of what an array, of arrays or not, is made of; `id` itself if it is none."""
    for _ in range(MAX_DEPTH):
        type = btf[btf.strip(id)]
        if not isinstance(type, Array):
            return btf.strip(id)
        id = type.type
    raise ObjectError(f"{btf.where}: arrays nest deeper than {MAX_DEPTH} at type {id}")
