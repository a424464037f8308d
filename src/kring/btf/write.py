"""Types become raw BTF that the kernel and libbpf accept.

In: types that name each other by the ids `Builder.add` gave out. Out: little-endian bytes. Equal
types share an id and equal strings an offset, so adding a type twice costs nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from struct import error as StructError
from struct import pack
from typing import Any, Final, TypeAlias

from kring.btf.types import (
    HEADER_SIZE,
    MAGIC,
    MAX_TYPE,
    MAX_VLEN,
    MODIFIERS,
    Array,
    Composite,
    DataSec,
    DeclTag,
    Enum,
    Float,
    Func,
    FuncProto,
    Fwd,
    Int,
    Kind,
    Modifier,
    Ptr,
    Type,
    Var,
    Void,
    kind_of,
)
from kring.errors import ObjectError

_SIGN: Final = 1 << 31
"""The kind flag of the info word: bitfields in a struct, signed enumerators, a union's Fwd."""

Raw: TypeAlias = bytes
"""What `bytes` means where a method has that name."""
Parts: TypeAlias = tuple[int, int, list[int]]
"""Flag and vlen for the info word, the third word, and what follows it."""


class Builder:
    """Collects types and strings; `bytes` may be asked for at any time."""

    def __init__(self) -> None:
        self._types: list[Type | None] = []
        self._ids: dict[Type, int] = {}
        self._text = bytearray(b"\0")
        self._strings: dict[str, int] = {"": 0}

    def add(self, type: Type) -> int:
        """The id of `type`, a new one only if no equal type was added before.

        Raises: ObjectError if the type does not fit the format, now rather than in `bytes`.
        """
        if isinstance(type, Void):
            return 0
        known = self._ids.get(type)
        if known is None:
            self._record(type)
            known = self._ids[type] = self.reserve()
            self._types[known - 1] = type
        return known

    def reserve(self) -> int:
        """An id for a type that is set later: the way to types that refer to themselves."""
        if len(self._types) == MAX_TYPE:
            raise ObjectError(f"BTF holds no more than {MAX_TYPE} types")
        self._types.append(None)
        return len(self._types)

    def set(self, id: int, type: Type) -> None:
        """Give the reserved `id` its type."""
        if not 0 < id <= len(self._types) or self._types[id - 1] is not None:
            raise ObjectError(f"BTF type {id} was not reserved, or is set already")
        self._record(type)
        self._types[id - 1] = type
        self._ids.setdefault(type, id)

    def string(self, text: str) -> int:
        """The offset of `text` in the string section."""
        offset = self._strings.get(text)
        if offset is None:
            if "\0" in text:
                raise ObjectError(f"BTF strings end at NUL, and {text!r} contains one")
            offset = self._strings[text] = len(self._text)
            self._text += text.encode() + b"\0"
        return offset

    def bytes(self) -> Raw:
        """Raw BTF of everything added.

        Raises: ObjectError if a reserved id was never set.
        """
        records: list[Raw] = []
        for id, type in enumerate(self._types, 1):
            if type is None:
                raise ObjectError(f"BTF type {id} was reserved and never set")
            records.append(self._record(type))
        types = b"".join(records)
        head = pack("<HBB5I", MAGIC, 1, 0, HEADER_SIZE, 0, len(types), len(types), len(self._text))
        return head + types + self._text

    def _record(self, type: Type) -> Raw:
        flag, third, extra = _PARTS[type.__class__](type, self.string)
        name = self.string(getattr(type, "name", ""))
        try:
            return pack(f"<{3 + len(extra)}I", name, flag | kind_of(type) << 24, third, *extra)
        except StructError:
            what = f"{kind_of(type).name} {getattr(type, 'name', '')}"
            raise ObjectError(f"a number of {what} does not fit BTF's 32 bits") from None


Text = Callable[[str], int]


def _vlen(entries: tuple[object, ...], name: str) -> int:
    if len(entries) > MAX_VLEN:
        raise ObjectError(f"{name!r} has {len(entries)} entries; BTF allows {MAX_VLEN}")
    return len(entries)


def _fits(value: int, bits: int, what: str, signed: bool = False) -> int:
    """`value` as the unsigned word that stands for it."""
    low, high = (-(1 << bits - 1), 1 << bits - 1) if signed else (0, 1 << bits)
    if not low <= value < high:
        raise ObjectError(f"{what} is {value}; it must be at least {low} and below {high}")
    return value & (1 << bits) - 1


def _int(type: Int, text: Text) -> Parts:
    encoding = type.signed | type.char << 1 | type.bool << 2
    if encoding & encoding - 1:  # more than one bit
        raise ObjectError(f"int {type.name!r} is only one of signed, char and bool to the kernel")
    offset = _fits(type.offset, 8, f"bit offset of int {type.name!r}")
    bits = _fits(type.bits, 8, f"bits of int {type.name!r}")
    return 0, type.size, [encoding << 24 | offset << 16 | bits]


def _composite(type: Composite, text: Text) -> Parts:
    """Members in order of offset: the kernel refuses a struct whose members go back."""
    split = any(m.bitfield_size for m in type.members)
    words: list[int] = []
    last = 0
    for m in type.members:
        where = f"{type.name}.{m.name}"
        if m.bit_offset < last or (type.is_union and m.bit_offset):
            raise ObjectError(f"{where} is at bit {m.bit_offset}, before a member ahead of it")
        if m.bit_offset > type.size * 8:
            raise ObjectError(f"{where} is at bit {m.bit_offset}, beyond {type.size} bytes")
        last = 0 if type.is_union else m.bit_offset
        offset = _fits(m.bit_offset, 24 if split else 32, f"bit offset of {where}")
        width = _fits(m.bitfield_size, 8, f"bitfield size of {where}")
        words += (text(m.name), m.type, width << 24 | offset)
    return (_SIGN if split else 0) | _vlen(type.members, type.name), type.size, words


def _enum(type: Enum, text: Text) -> Parts:
    bits = 64 if type.wide else 32
    words: list[int] = []
    for name, value in type.values:
        word = _fits(value, bits, f"{type.name}.{name}", type.signed)
        words += (text(name), word & 0xFFFFFFFF)
        if type.wide:
            words.append(word >> 32)
    return (_SIGN if type.signed else 0) | _vlen(type.values, type.name), type.size, words


def _modifier(type: Modifier, text: Text) -> Parts:
    named = type.kind in (Kind.TYPEDEF, Kind.TYPE_TAG)
    if type.kind not in MODIFIERS or named != bool(type.name):
        raise ObjectError(f"typedefs and tags have a name, other modifiers have none: {type}")
    return 0, type.type, []


def _func(type: Func, text: Text) -> Parts:
    return _fits(type.linkage, 2, f"linkage of function {type.name!r}"), type.type, []


def _func_proto(type: FuncProto, text: Text) -> Parts:
    words = [word for name, param in type.params for word in (text(name), param)]
    return _vlen(type.params, "function prototype"), type.ret, words


def _data_sec(type: DataSec, text: Text) -> Parts:
    """Variables in order of offset and apart from each other, as the kernel wants them."""
    end = 0
    for _, offset, size in type.vars:
        if offset < end or offset + size > type.size:
            raise ObjectError(
                f"section {type.name!r}: {size} bytes at {offset} overlap what ends at {end}, "
                f"or leave the section of {type.size} bytes"
            )
        end = offset + size
    return _vlen(type.vars, type.name), type.size, [word for row in type.vars for word in row]


def _decl_tag(type: DeclTag, text: Text) -> Parts:
    index = _fits(type.component_idx, 32, f"component of tag {type.name!r}", signed=True)
    return 0, type.type, [index]


# the key of a row says what its function takes, which no type of the table can say
_PARTS: Final[dict[type[object], Callable[[Any, Text], Parts]]] = {
    Int: _int,
    Ptr: lambda t, text: (0, t.type, []),
    Array: lambda t, text: (0, 0, [t.type, t.index, t.count]),
    Composite: _composite,
    Enum: _enum,
    Fwd: lambda t, text: (_SIGN if t.is_union else 0, 0, []),
    Modifier: _modifier,
    Func: _func,
    FuncProto: _func_proto,
    Var: lambda t, text: (0, t.type, [t.linkage]),
    DataSec: _data_sec,
    Float: lambda t, text: (0, t.size, []),
    DeclTag: _decl_tag,
}
