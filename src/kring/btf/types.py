"""The type kinds of BTF as frozen values; a reference to a type is its id, and id 0 is void.

    raw BTF:   header (24 bytes) | type section | string section
    header:    u16 magic 0xeb9f | u8 version 1 | u8 flags 0 | u32 header length
               u32 type offset | u32 type length | u32 string offset | u32 string length
    type:      u32 name offset | u32 info | u32 size or type | what the kind adds
    info:      31 kind flag | 28..24 kind | 15..0 vlen (members, enumerators, parameters, …)

See: include/uapi/linux/btf.h, Documentation/bpf/btf.rst.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Final, TypeAlias

from kring.record import record

MAGIC: Final = 0xEB9F
HEADER_SIZE: Final = 24
MAX_VLEN: Final = 0xFFFF
"""BTF_MAX_VLEN."""
MAX_TYPE: Final = 0xFFFFF
"""BTF_MAX_TYPE."""
MAX_DEPTH: Final = 32
"""Longest chain of modifiers and arrays that is followed; libbpf's MAX_RESOLVE_DEPTH."""


class Kind(IntEnum):
    """BTF_KIND_*; VOID is BTF_KIND_UNKN, the kind of id 0."""

    VOID = 0
    INT = 1
    PTR = 2
    ARRAY = 3
    STRUCT = 4
    UNION = 5
    ENUM = 6
    FWD = 7
    TYPEDEF = 8
    VOLATILE = 9
    CONST = 10
    RESTRICT = 11
    FUNC = 12
    FUNC_PROTO = 13
    VAR = 14
    DATASEC = 15
    FLOAT = 16
    DECL_TAG = 17
    TYPE_TAG = 18
    ENUM64 = 19


class Void:
    """No type: what id 0 stands for. `VOID` is the one instance."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "Void()"


VOID: Final = Void()


@record
class Int:
    """BTF_KIND_INT: `size` bytes of which `bits` count, from bit `offset` (0 in modern BTF)."""

    name: str
    size: int
    bits: int
    offset: int = 0
    signed: bool = False
    char: bool = False
    bool: bool = False


@record
class Ptr:
    """BTF_KIND_PTR."""

    type: int


@record
class Array:
    """BTF_KIND_ARRAY: `count` elements of `type`; `index` is the type of the subscript."""

    type: int
    index: int
    count: int


@record
class Member:
    """One field; `bitfield_size` is its width in bits, 0 for a field that is not a bitfield."""

    name: str
    type: int
    bit_offset: int
    bitfield_size: int = 0


@record
class Composite:
    """BTF_KIND_STRUCT or BTF_KIND_UNION; unnamed ones have the name ""."""

    name: str
    size: int
    members: tuple[Member, ...]
    is_union: bool = False


@record
class Enum:
    """BTF_KIND_ENUM, or BTF_KIND_ENUM64 if `wide`; `values` are (name, value)."""

    name: str
    size: int
    values: tuple[tuple[str, int], ...]
    signed: bool = False
    wide: bool = False


@record
class Fwd:
    """BTF_KIND_FWD: a struct or union declared and not defined."""

    name: str
    is_union: bool = False


@record
class Modifier:
    """BTF_KIND_TYPEDEF, VOLATILE, CONST, RESTRICT or TYPE_TAG, as `kind` says.

    `name` is the typedef's or the tag's; the other three have none.
    """

    kind: Kind
    type: int
    name: str = ""


@record
class Func:
    """BTF_KIND_FUNC: `type` is its FuncProto; `linkage` is 0 static, 1 global, 2 extern."""

    name: str
    type: int
    linkage: int = 1


@record
class FuncProto:
    """BTF_KIND_FUNC_PROTO: `params` are (name, type); a last one of type 0 stands for `...`."""

    ret: int
    params: tuple[tuple[str, int], ...] = ()


@record
class Var:
    """BTF_KIND_VAR: `linkage` is 0 static, 1 global, 2 extern."""

    name: str
    type: int
    linkage: int = 1


@record
class DataSec:
    """BTF_KIND_DATASEC: `vars` are (id of the Var, offset in the section, size), by offset."""

    name: str
    size: int
    vars: tuple[tuple[int, int, int], ...]


@record
class Float:
    """BTF_KIND_FLOAT."""

    name: str
    size: int


@record
class DeclTag:
    """BTF_KIND_DECL_TAG: `component_idx` is a member or parameter of `type`, -1 for all of it."""

    name: str
    type: int
    component_idx: int = -1


Type: TypeAlias = (
    Void
    | Int
    | Ptr
    | Array
    | Composite
    | Enum
    | Fwd
    | Modifier
    | Func
    | FuncProto
    | Var
    | DataSec
    | Float
    | DeclTag
)

MODIFIERS: Final = frozenset(
    (Kind.TYPEDEF, Kind.VOLATILE, Kind.CONST, Kind.RESTRICT, Kind.TYPE_TAG)
)


def kind_of(type: Type) -> Kind:
    """The kind that stands for `type` in raw BTF."""
    match type:
        case Modifier():
            return type.kind
        case Composite():
            return Kind.UNION if type.is_union else Kind.STRUCT
        case Enum():
            return Kind.ENUM64 if type.wide else Kind.ENUM
        case _:  # every other class is one kind
            return _KINDS[type.__class__]


_KINDS: Final[dict[type[object], Kind]] = {
    Void: Kind.VOID,
    Int: Kind.INT,
    Ptr: Kind.PTR,
    Array: Kind.ARRAY,
    Fwd: Kind.FWD,
    Func: Kind.FUNC,
    FuncProto: Kind.FUNC_PROTO,
    Var: Kind.VAR,
    DataSec: Kind.DATASEC,
    Float: Kind.FLOAT,
    DeclTag: Kind.DECL_TAG,
}
