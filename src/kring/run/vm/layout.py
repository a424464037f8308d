"""Kernel memory made from names and values, laid out by BTF.

In:  the object's own BTF, which in the VM stands for the kernel's, and values by field name.
Out: `build(memory, btf, name, values)`, a struct as a region; `event(btf, name, values)`, the
     context of a tracepoint as bytes.
Rule: only fields that both the values and the BTF name are set; the rest is zero. An object's BTF
names the fields its programs use and no more, so a value it lacks is no mistake.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, TypeAlias

from kring.abi.tracepoints import DYNAMIC, event_struct
from kring.btf.blob import Btf
from kring.btf.types import Array, Composite, Kind, Member, Ptr
from kring.errors import VmError
from kring.run.vm.memory import Memory, Region

Value: TypeAlias = "int | str | bytes | Mapping[str, Value] | Sequence[Value]"
"""A field's value; a mapping is a nested struct, or for a pointer the struct it points to, text for
a pointer lies behind it."""

_EMPTY_SIZE: Final = 16


def event(memory: Memory, btf: Btf | None, name: str, values: Mapping[str, Value]) -> bytes:
    """The context of a tracepoint, named `category:event`. A dynamic string lies behind the fixed
    fields; its field holds where, from the context's start, and its length with the NUL above.

    Raises: VmError if no program of the object uses this tracepoint's fields.
    """
    struct = event_struct(name)
    found = _find(btf, struct)
    if btf is None or not found:
        raise VmError(f"the object's types have no struct {struct} to lay out the fields by")
    data = bytearray(btf.size(found))
    _Builder(memory, btf).fill(data, 0, found, values)
    composite = btf[found]
    assert isinstance(composite, Composite)
    for member in composite.members:
        value = values.get(member.name.removeprefix(DYNAMIC))
        if member.name.startswith(DYNAMIC) and isinstance(value, str | bytes):
            text = (value.encode() if isinstance(value, str) else value) + b"\0"
            at = member.bit_offset // 8
            data[at : at + 4] = (len(text) << 16 | len(data)).to_bytes(4, "little")
            data += text
    return bytes(data)


def describes(btf: Btf | None, name: str) -> bool:
    """Whether `event` can lay out this tracepoint; where programs use none of its fields, not."""
    return bool(_find(btf, event_struct(name)))


def _find(btf: Btf | None, name: str) -> int:
    """The id of the first struct of that name, flavours included; 0 if there is none."""
    found = btf.find_all(name, Kind.STRUCT, flavours=True) if btf else []
    return found[0] if found else 0


def build(memory: Memory, btf: Btf | None, name: str, values: Mapping[str, Value]) -> Region:
    """The struct `name` with these values, and what they point to; all zero if the BTF has none."""
    found = _find(btf, name)
    if btf is None or not found:
        return memory.map(bytearray(_EMPTY_SIZE), f"a struct {name}", writable=False, space="typed")
    return _Builder(memory, btf).struct(found, values)


def variable(memory: Memory, btf: Btf, name: str, type_id: int, value: Value | None) -> Region:
    """A variable of the kernel of this type and value, zero without one."""
    id = btf.strip(type_id)
    defined = _find(btf, btf.name(id)) if btf.kind(id) == Kind.FWD else id
    data = bytearray(btf.size(defined) if defined else _EMPTY_SIZE)
    if value is not None and defined:
        _Builder(memory, btf).put(data, defined, name, value)
    return memory.map(data, f"the kernel's {name}", writable=False)


class _Builder:
    """Lays out mappings as structs; a mapping met twice is one struct, so cycles close."""

    def __init__(self, memory: Memory, btf: Btf) -> None:
        self._memory = memory
        self._btf = btf
        self._made: dict[tuple[int, int], Region] = {}

    def struct(self, type_id: int, values: Mapping[str, Value]) -> Region:
        key = type_id, id(values)
        if key not in self._made:
            data = bytearray(self._btf.size(type_id) + self._open_end(type_id, values))
            self._made[key] = self._memory.map(
                data, f"a struct {self._btf.name(type_id)}", writable=False, space="typed"
            )
            self.fill(data, 0, type_id, values)
        return self._made[key]

    def put(self, data: bytearray, type_id: int, name: str, value: Value) -> None:
        """Set memory that holds one value of a type."""
        self._set(data, 0, type_id, Member(name, type_id, 0), value)

    def _open_end(self, type_id: int, values: Mapping[str, Value]) -> int:
        """Bytes behind the struct that a last array without a length takes, `char data[]`."""
        composite = self._btf[type_id]
        assert isinstance(composite, Composite)
        last = composite.members[-1] if composite.members else None
        array = self._btf[self._btf.strip(last.type)] if last else None
        if last is None or not isinstance(array, Array) or array.count:
            return 0
        value = values.get(last.name, ())
        return len(value) * self._btf.size(array.type) if isinstance(value, Sequence) else 0

    def fill(self, data: bytearray, base: int, type_id: int, values: Mapping[str, Value]) -> None:
        """Set the fields of the struct at `base`."""
        composite = self._btf[type_id]
        assert isinstance(composite, Composite)
        for member in composite.members:
            inner = self._btf.strip(member.type)
            at = base + member.bit_offset // 8
            if not member.name and isinstance(self._btf[inner], Composite):
                self.fill(data, at, inner, values)
            elif member.name in values:
                self._set(data, at, inner, member, values[member.name])

    def _set(self, data: bytearray, at: int, type_id: int, member: Member, value: Value) -> None:
        match self._btf[type_id], value:
            case Composite(), Mapping():
                self.fill(data, at, type_id, value)
            case Ptr(), Mapping():
                data[at : at + 8] = self._pointee(type_id, value).to_bytes(8, "little")
            case Ptr(), str() | bytes():
                data[at : at + 8] = self._text(member.name, value).base.to_bytes(8, "little")
            case Array(), str() | bytes():
                self._set_text(data, at, type_id, value)
            case Array(element, _, count), Sequence():
                inner = self._btf.strip(element)
                for index, one in enumerate(value[: count or None]):
                    place = at + index * self._btf.size(inner)
                    self._set(data, place, inner, Member(member.name, element, 0), one)
            case _, int():
                self._set_int(data, at, type_id, member, value)
            case _:
                raise VmError(f"{value!r} cannot be the value of the kernel's field {member.name}")

    def _set_int(self, data: bytearray, at: int, type_id: int, member: Member, value: int) -> None:
        size = self._btf.size(type_id)
        shift, width = member.bit_offset % 8, member.bitfield_size or size * 8
        bits = ((1 << width) - 1) << shift
        end = at + -(-(shift + width) // 8)
        old = int.from_bytes(data[at:end], "little")
        new = old & ~bits | value << shift & bits
        data[at:end] = new.to_bytes(end - at, "little")

    def _text(self, name: str, value: str | bytes) -> Region:
        raw = bytearray((value.encode() if isinstance(value, str) else value) + b"\0")
        return self._memory.map(raw, f"the string {name}", writable=False, space="typed")

    def _pointee(self, pointer_id: int, values: Mapping[str, Value]) -> int:
        pointer = self._btf[pointer_id]
        assert isinstance(pointer, Ptr)
        target = self._btf.strip(pointer.type)
        if self._btf.kind(target) == Kind.FWD:
            # The struct is defined under the name of a flavour, or not at all.
            target = _find(self._btf, self._btf.name(target))
        return self.struct(target, values).base if target else 0

    def _set_text(self, data: bytearray, at: int, type_id: int, value: str | bytes) -> None:
        size = self._btf.size(type_id)
        raw = value.encode()[: size - 1] if isinstance(value, str) else value[:size]
        data[at : at + len(raw)] = raw
