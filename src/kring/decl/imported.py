"""Kernel structs as the kernel's own types have them, for programs that declare none of it.

In:  the types, and the name of a struct or union.
Out: its members by name, those of unnamed ones inside it among them, and what each holds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from kring.btf.blob import Btf
from kring.btf.types import (
    MAX_DEPTH,
    MODIFIERS,
    Array,
    Composite,
    Enum,
    Int,
    Kind,
    Member,
    Modifier,
    Ptr,
)
from kring.decl.kernel import enum_view, struct_view
from kring.decl.types import ArrayType, Bits, Elements, Embedded, IntType, ViewType
from kring.record import record

_SIZES = frozenset((1, 2, 4, 8))
_UNNAMED = "unnamed"
"""What a struct without a name is called here; nothing compares the names of what is embedded."""
_APART = frozenset(("user", "percpu"))
"""Tags of types whose pointers lead to where programs cannot read without a helper's help."""


@record(eq=False)
class Imported:
    """A struct, or a union if `tag` says so, and its members by their names."""

    btf: Btf
    tag: str
    members: Mapping[str, Member]

    def type(self, name: str) -> ViewType | None:
        """What a member holds; None for what programs have no use for."""
        member = self.members[name]
        if member.bitfield_size:
            return _bits(self.btf, member)
        return view_type(self.btf, member.type)


def imported(btf: Btf, name: str) -> Imported | None:
    """The kernel's struct or union of that name, or a module's, or what a typedef has; None if
    there is none."""
    for types in (btf, *(() if _find(btf, name) else btf.modules)):
        if (id := _find(types, name)) is not None:
            type = types[types.strip(id)]
            if isinstance(type, Composite):
                tag = "union" if type.is_union else "struct"
                return Imported(types, tag, dict(_members(types, type, 0)))
    return None


def _find(btf: Btf, name: str) -> int | None:
    found = btf.find(name, Kind.STRUCT, Kind.UNION)
    return btf.find(name, Kind.TYPEDEF) if found is None else found


def _members(btf: Btf, type: Composite, depth: int) -> Iterator[tuple[str, Member]]:
    for member in type.members:
        inner = None if member.name else btf[btf.strip(member.type)]
        if member.name:
            yield member.name, member
        elif isinstance(inner, Composite) and depth < MAX_DEPTH:
            yield from _members(btf, inner, depth + 1)


def view_type(btf: Btf, id: int) -> ViewType | None:
    """What a field of a type holds, signs left aside; None for what programs have no use for."""
    names = list(_names(btf, id))
    id = btf.strip(id)
    match btf[id]:
        case Int(size=size) if size in _SIZES:
            return IntType(size)
        case Ptr(to):
            return _pointer(btf, to)
        case Enum(name, size) if size in _SIZES:
            return enum_view(name, size)
        case Composite(name) as found:
            return Embedded(struct_view(name or next(iter(names), _UNNAMED), found.is_union))
        case Array(of, _, count):
            return _array(view_type(btf, of), count)
        case _:
            return None


def _names(btf: Btf, id: int) -> Iterator[str]:
    """The names that typedefs give a type, the outermost first."""
    for _ in range(MAX_DEPTH):
        type = btf[id]
        if not isinstance(type, Modifier):
            return
        if type.kind is Kind.TYPEDEF:
            yield type.name
        id = type.type


def _pointer(btf: Btf, id: int) -> ViewType:
    """A pointer to a struct whose name is known, or just an address."""
    for _ in range(MAX_DEPTH):
        if btf.kind(id) not in MODIFIERS:
            break
        type = btf[id]
        assert isinstance(type, Modifier)
        if type.kind is Kind.TYPE_TAG and type.name in _APART:
            return IntType(8, pointer=True)
        id = type.type
    found = btf[id]
    if isinstance(found, Composite) and found.name:
        return struct_view(found.name, found.is_union)
    return IntType(8, pointer=True)


def _array(element: ViewType | None, count: int) -> ViewType | None:
    match element:
        case IntType():
            return ArrayType(element, count)
        case Embedded() | type():
            return Elements(element, max(count, 1))
        case _:
            return None


def _bits(btf: Btf, member: Member) -> ViewType | None:
    type = btf[btf.strip(member.type)]
    if isinstance(type, Int) and type.size in _SIZES:
        return Bits(IntType(type.size, type.signed), member.bitfield_size)
    return None
