"""Words of the type section become one `Type`; knows the record of each kind and nothing of ids.

A record is three words (name offset, info, size or type) and then what its kind adds: a fixed
number of words, and a number of words for each of the `vlen` entries.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from kring.btf.types import (
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
    Member,
    Modifier,
    Ptr,
    Type,
    Var,
)
from kring.errors import ObjectError

EXTRA_WORDS: Final[tuple[tuple[int, int], ...]] = (
    # fixed, per entry          kind
    (0, 0),  # BTF_KIND_UNKN
    (1, 0),  # BTF_KIND_INT
    (0, 0),  # BTF_KIND_PTR
    (3, 0),  # BTF_KIND_ARRAY
    (0, 3),  # BTF_KIND_STRUCT
    (0, 3),  # BTF_KIND_UNION
    (0, 2),  # BTF_KIND_ENUM
    (0, 0),  # BTF_KIND_FWD
    (0, 0),  # BTF_KIND_TYPEDEF
    (0, 0),  # BTF_KIND_VOLATILE
    (0, 0),  # BTF_KIND_CONST
    (0, 0),  # BTF_KIND_RESTRICT
    (0, 0),  # BTF_KIND_FUNC
    (0, 2),  # BTF_KIND_FUNC_PROTO
    (1, 0),  # BTF_KIND_VAR
    (0, 3),  # BTF_KIND_DATASEC
    (0, 0),  # BTF_KIND_FLOAT
    (1, 0),  # BTF_KIND_DECL_TAG
    (0, 0),  # BTF_KIND_TYPE_TAG
    (0, 3),  # BTF_KIND_ENUM64
)
_UNUSED_BITS: Final = 0x60FF0000

Names = Callable[[int], str]
Words = memoryview


class RecordWords(dict[int, int]):
    """Length in words of a record by its info word, learned as info words are met.

    Raises: ObjectError if no type has that info word.
    """

    def __missing__(self, info: int) -> int:
        kind, vlen = info >> 24 & 0x1F, info & 0xFFFF
        if not 0 < kind < len(EXTRA_WORDS) or info & _UNUSED_BITS:
            raise ObjectError(f"info word {info:#010x} is of no known kind")
        fixed, each = EXTRA_WORDS[kind]
        # a function keeps its linkage where others count their entries
        if vlen > (2 if kind == Kind.FUNC else 0) and not each:
            raise ObjectError(f"info word {info:#010x} gives entries to a kind that has none")
        words = self[info] = 3 + fixed + each * vlen
        return words


def read_type(words: Words, at: int, name: Names) -> Type:
    """The type whose record begins at word `at`; `name` reads the string at an offset."""
    return _READERS[words[at + 1] >> 24 & 0x1F](words, at, name)


def _signed(value: int, bits: int) -> int:
    return value - (1 << bits) if value >> (bits - 1) else value


def _rows(words: Words, at: int, each: int) -> Iterator[tuple[int, ...]]:
    """The entries behind the record at `at`, `each` words wide."""
    first = at + 3
    entries = words[first : first + each * (words[at + 1] & 0xFFFF)].tolist()
    return zip(*(entries[i::each] for i in range(each)), strict=True)


def _int(words: Words, at: int, name: Names) -> Type:
    facts = words[at + 3]
    encoding = facts >> 24 & 0xF
    return Int(
        name(words[at]),
        words[at + 2],
        facts & 0xFF,
        facts >> 16 & 0xFF,
        signed=bool(encoding & 1),
        char=bool(encoding & 2),
        bool=bool(encoding & 4),
    )


def _composite(words: Words, at: int, name: Names) -> Type:
    info = words[at + 1]
    rows = _rows(words, at, 3)
    if info >> 31:  # each offset word is split: bitfield size | bit offset
        members = tuple(Member(name(n), t, o & 0xFFFFFF, o >> 24) for n, t, o in rows)
    else:
        members = tuple(Member(name(n), t, o) for n, t, o in rows)
    is_union = info >> 24 & 0x1F == Kind.UNION
    return Composite(name(words[at]), words[at + 2], members, is_union)


def _enum(words: Words, at: int, name: Names) -> Type:
    signed = bool(words[at + 1] >> 31)
    rows = _rows(words, at, 2)
    values = tuple((name(n), _signed(v, 32) if signed else v) for n, v in rows)
    return Enum(name(words[at]), words[at + 2], values, signed)


def _enum64(words: Words, at: int, name: Names) -> Type:
    signed = bool(words[at + 1] >> 31)
    pairs = ((name(n), low | high << 32) for n, low, high in _rows(words, at, 3))
    values = tuple((n, _signed(v, 64) if signed else v) for n, v in pairs)
    return Enum(name(words[at]), words[at + 2], values, signed, wide=True)


def _modifier(words: Words, at: int, name: Names) -> Type:
    kind = Kind(words[at + 1] >> 24 & 0x1F)
    return Modifier(kind, words[at + 2], name(words[at]))


def _func_proto(words: Words, at: int, name: Names) -> Type:
    params = tuple((name(n), t) for n, t in _rows(words, at, 2))
    return FuncProto(words[at + 2], params)


def _data_sec(words: Words, at: int, name: Names) -> Type:
    variables = tuple((t, offset, size) for t, offset, size in _rows(words, at, 3))
    return DataSec(name(words[at]), words[at + 2], variables)


_READERS: Final[dict[int, Callable[[Words, int, Names], Type]]] = {
    Kind.INT: _int,
    Kind.PTR: lambda w, at, name: Ptr(w[at + 2]),
    Kind.ARRAY: lambda w, at, name: Array(w[at + 3], w[at + 4], w[at + 5]),
    Kind.STRUCT: _composite,
    Kind.UNION: _composite,
    Kind.ENUM: _enum,
    Kind.FWD: lambda w, at, name: Fwd(name(w[at]), bool(w[at + 1] >> 31)),
    Kind.TYPEDEF: _modifier,
    Kind.VOLATILE: _modifier,
    Kind.CONST: _modifier,
    Kind.RESTRICT: _modifier,
    Kind.FUNC: lambda w, at, name: Func(name(w[at]), w[at + 2], w[at + 1] & 0xFFFF),
    Kind.FUNC_PROTO: _func_proto,
    Kind.VAR: lambda w, at, name: Var(name(w[at]), w[at + 2], w[at + 3]),
    Kind.DATASEC: _data_sec,
    Kind.FLOAT: lambda w, at, name: Float(name(w[at]), w[at + 2]),
    Kind.DECL_TAG: lambda w, at, name: DeclTag(name(w[at]), w[at + 2], _signed(w[at + 3], 32)),
    Kind.TYPE_TAG: _modifier,
    Kind.ENUM64: _enum64,
}
