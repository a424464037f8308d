"""Structs of functions that the kernel calls (struct_ops), moved into the kernel's own layout.

In: an ELF, or a map of kind STRUCT_OPS: `value_type` is a struct in the object's types, `data` its
first value, `values` the programs at byte offsets of it. Out: such maps, or the value as this
kernel has it, where its programs go, and which member each of them is. Members are found by their
names; the kernel may have more, and lack those that are zero.

    struct bpf_struct_ops_NAME { common: reference count and state | struct NAME data }
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from errno import ENOENT
from typing import Final

from kring.abi.uapi import MapType
from kring.btf.blob import Btf
from kring.btf.types import Composite, FuncProto, Kind, Member, Ptr, Var
from kring.errors import LoadError, ObjectError
from kring.obj.elf import FUNC, Elf
from kring.obj.object import OPTIONAL, Map
from kring.record import record
from kring.spelling import suggestion

BPF_F_LINK: Final = 1 << 13
"""A struct that a link holds in force, rather than its map."""
SECTIONS: Final = {".struct_ops": 0, ".struct_ops.link": BPF_F_LINK}
_LARGEST: Final = 1 << 16
_VALUE: Final = "bpf_struct_ops_"


def described_structs(elf: Elf, btf: Btf) -> Iterator[Map]:
    """The structs of functions that an ELF defines.

    Raises: ObjectError for what has no type, or functions that are none.
    """
    for name, flags in SECTIONS.items():
        for optional in ("", OPTIONAL):
            number, section = elf.index(optional + name), btf.section(optional + name)
            if number < 0 or not (data := elf.sections[number].data):
                continue
            if section is None:
                raise ObjectError(f"section {name} has no types (BTF) that describe it")
            for var, begin, size in section.vars:
                values = _functions(elf, number, range(begin, begin + size), btf.name(var))
                type = btf[var]
                if not isinstance(type, Var):
                    raise ObjectError(f"section {name} lists {btf.name(var)!r}, no variable")
                yield Map(
                    type.name, MapType.STRUCT_OPS, flags=flags, value_type=type.type,
                    data=data[begin : begin + size], values=values, autocreate=not optional,
                )  # fmt: skip


def _functions(elf: Elf, number: int, within: range, name: str) -> tuple[tuple[int, str], ...]:
    """The functions that relocations put into a struct, by their byte there."""
    relocs = elf.sections[number].relocs
    found: list[tuple[int, str]] = []
    for at in sorted(at for at in relocs if at in within):
        symbol, _ = relocs[at]
        if symbol.kind != FUNC:
            raise ObjectError(
                f"struct {name!r}: what byte {at - within.start} points to, {symbol.name!r}, is no"
                " function"
            )
        found.append((at - within.start, symbol.name))
    return tuple(found)


@record
class KernelStruct:
    """A struct of functions in this kernel: ids of its type and of the map's value; `data` is the
    value without its programs, which are at byte offsets of it; `members` are the numbers of those
    that programs are."""

    type_id: int
    value_id: int
    data: bytes
    programs: tuple[tuple[int, str], ...]
    members: Mapping[str, int]


def kernel_struct(local: Btf, kernel: Btf, map: Map) -> KernelStruct:
    """The map's struct in this kernel.

    Raises: LoadError for a struct or a member that it does not have, or has otherwise.
    """
    own = _composite(local, map.value_type, map.name)
    if own.size > _LARGEST:
        raise ObjectError(f"map {map.name!r}: a struct of {own.size} bytes is none of functions")
    name = own.name.partition("___")[0]
    id, value_id, at = _find(kernel, name, map.name)
    theirs = _composite(kernel, id, map.name)
    data = bytearray(kernel.size(value_id))
    programs: list[tuple[int, str]] = []
    members: dict[str, int] = {}
    given, values = (map.data or b"").ljust(own.size, b"\0"), dict(map.values)
    for member in own.members:
        begin, size = member.bit_offset // 8, local.size(member.type)
        piece = given[begin : begin + size]
        if begin not in values and not any(piece):
            continue
        number = _number(theirs, member, f"map {map.name!r}: struct {name}")
        to = at + theirs.members[number].bit_offset // 8
        if begin in values:
            _check_function(kernel, theirs.members[number], f"{name}.{member.name}")
            programs.append((to, values.pop(begin)))
            members[programs[-1][1]] = number
            continue
        _check_size(kernel, theirs.members[number], member, size, f"{name}.{member.name}")
        data[to : to + size] = piece
    if values:
        raise ObjectError(f"map {map.name!r}: a function is at byte {min(values)}, in no member")
    return KernelStruct(id, value_id, bytes(data), tuple(programs), members)


def _composite(btf: Btf, id: int, name: str) -> Composite:
    type = btf[btf.strip(id)]
    if not isinstance(type, Composite):
        raise ObjectError(f"map {name!r}: its type is no struct")
    return type


def _find(kernel: Btf, name: str, map: str) -> tuple[int, int, int]:
    """Ids of the struct and of the map's value, and the byte of this that the struct is at."""
    id, value_id = kernel.find(name, Kind.STRUCT), kernel.find(_VALUE + name, Kind.STRUCT)
    if id is None or value_id is None:
        known = [
            text.removeprefix(_VALUE)
            for text in kernel.strings_from(_VALUE)
            if kernel.find(text.removeprefix(_VALUE), Kind.STRUCT)
        ]
        near = suggestion(name, known, quote="") or f" There are: {', '.join(sorted(known))}."
        raise LoadError(
            f"map {map!r}: this kernel has no struct of functions {name!r}.{near}", ENOENT
        )
    for member in _composite(kernel, value_id, map).members:
        if kernel.strip(member.type) == id:
            return id, value_id, member.bit_offset // 8
    raise LoadError(f"map {map!r}: {_VALUE}{name} of {kernel.where} has no struct {name}")


def _number(theirs: Composite, member: Member, what: str) -> int:
    names = [one.name for one in theirs.members]
    if member.name not in names:
        near = suggestion(member.name, names)
        raise LoadError(f"{what} of this kernel has no member {member.name!r}.{near}", ENOENT)
    if member.bitfield_size:
        raise LoadError(f"{what}: member {member.name!r} is a bit field, which cannot be set")
    return names.index(member.name)


def _check_function(kernel: Btf, theirs: Member, what: str) -> None:
    type = kernel[kernel.strip(theirs.type)]
    if not (isinstance(type, Ptr) and isinstance(kernel[kernel.strip(type.type)], FuncProto)):
        raise LoadError(f"{what} is no function in this kernel, and the object has a program there")


def _check_size(kernel: Btf, theirs: Member, member: Member, size: int, what: str) -> None:
    if (found := kernel.size(theirs.type)) != size:
        raise LoadError(f"{what} has {found} bytes in this kernel, and {size} in the object")
