"""Types as compilers write them into BTF, for tests that have no compiler."""

from __future__ import annotations

from kring.btf.blob import Btf
from kring.btf.types import Array, Composite, Enum, Float, Int, Kind, Member, Modifier, Ptr
from kring.btf.write import Builder

Fields = list[tuple[str, int, int] | tuple[str, int, int, int]]
"""Name, type, bit offset, and width of a bit field."""


class C:
    """The types that most tests use; `struct` adds another, and `btf` ends it."""

    def __init__(self) -> None:
        b = self.builder = Builder()
        self.char = b.add(Int("char", 1, 8, signed=True))
        self.u8 = b.add(Int("unsigned char", 1, 8))
        self.i8 = b.add(Int("signed char", 1, 8, signed=True))
        self.u16 = b.add(Int("unsigned short", 2, 16))
        self.i32 = b.add(Int("int", 4, 32, signed=True))
        self.u32 = b.add(Int("unsigned int", 4, 32))
        self.i64 = b.add(Int("long", 8, 64, signed=True))
        self.u64 = b.add(Int("unsigned long", 8, 64))
        self.u128 = b.add(Int("unsigned __int128", 16, 128))
        self.bool = b.add(Int("_Bool", 1, 8, bool=True))
        self.double = b.add(Float("double", 8))
        self.pointer = b.add(Ptr(0))
        self.be16 = self.typedef("__be16", self.typedef("__u16", self.u16))

    def typedef(self, name: str, to: int) -> int:
        return self.builder.add(Modifier(Kind.TYPEDEF, to, name))

    def const(self, to: int) -> int:
        return self.builder.add(Modifier(Kind.CONST, to))

    def array(self, element: int, count: int) -> int:
        return self.builder.add(Array(element, self.u32, count))

    def enum(self, name: str, *values: tuple[str, int], size: int = 4, signed: bool = False) -> int:
        return self.builder.add(Enum(name, size, values, signed, wide=size == 8))

    def struct(self, name: str, size: int, fields: Fields, union: bool = False) -> int:
        members = tuple(Member(*field) for field in fields)
        return self.builder.add(Composite(name, size, members, union))

    def btf(self) -> Btf:
        return Btf(self.builder.bytes())
