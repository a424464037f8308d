"""The task that programs in the VM run as, and kernel objects made from names and values.

In:  a `Task`, and the object's own BTF, which in the VM stands for the kernel's.
Out: `task_values(task)` and `build(memory, btf, type name, values)`, a region laid out by the BTF.
Rule: only fields that both the values and the BTF name are set; the rest is zero.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from kring.btf.blob import Btf
from kring.btf.types import Array, Composite, Kind, Member, Ptr
from kring.errors import VmError
from kring.run.vm.memory import Memory, Region

Value: TypeAlias = "int | str | bytes | Mapping[str, Value]"
"""A field's value; a mapping is a nested struct, or for a pointer the struct it points to."""

_EMPTY_SIZE = 16


@dataclass(frozen=True, slots=True)
class Task:
    """The current task: `pid` is the process's id (the kernel's tgid), `tid` the thread's.

    `more` sets further fields of its task_struct by their kernel names.
    """

    pid: int = 1000
    tid: int = 1000
    ppid: int = 1
    comm: str = "vm"
    uid: int = 0
    gid: int = 0
    parent_comm: str = "init"
    cgroup_id: int = 1
    more: Mapping[str, Value] = field(default_factory=dict[str, Value])


def task_values(task: Task) -> Mapping[str, Value]:
    """The fields of the task's task_struct."""
    parent = _thread(task.ppid, task.ppid, task.parent_comm)
    parent |= {"group_leader": parent, "real_parent": parent, "parent": parent}
    ids: dict[str, Value] = {"uid": {"val": task.uid}, "gid": {"val": task.gid}}
    cred: dict[str, Value] = {**ids, **{f"e{name}": value for name, value in ids.items()}}
    values = _thread(task.pid, task.tid, task.comm)
    leader = values
    if task.pid != task.tid:
        leader = _thread(task.pid, task.pid, task.comm)
        leader |= {"group_leader": leader, "real_parent": parent, "parent": parent}
    values |= {"group_leader": leader, "real_parent": parent, "parent": parent}
    values |= {"cred": cred, "real_cred": cred, **task.more}
    return values


def _thread(pid: int, tid: int, comm: str) -> dict[str, Value]:
    return {"tgid": pid, "pid": tid, "comm": comm}


def build(memory: Memory, btf: Btf | None, name: str, values: Mapping[str, Value]) -> Region:
    """The struct `name` with these values, and what they point to; all zero if the BTF has none."""
    found = btf.find_all(name, Kind.STRUCT, flavours=True) if btf else []
    if btf is None or not found:
        return memory.map(bytearray(_EMPTY_SIZE), f"a struct {name}", writable=False, space="typed")
    return _Builder(memory, btf).struct(found[0], values)


class _Builder:
    """Lays out mappings as structs; a mapping met twice is one struct, so cycles close."""

    def __init__(self, memory: Memory, btf: Btf) -> None:
        self._memory = memory
        self._btf = btf
        self._made: dict[tuple[int, int], Region] = {}

    def struct(self, type_id: int, values: Mapping[str, Value]) -> Region:
        key = type_id, id(values)
        if key not in self._made:
            data = bytearray(self._btf.size(type_id))
            self._made[key] = self._memory.map(
                data, f"a struct {self._btf.name(type_id)}", writable=False, space="typed"
            )
            self._fill(data, 0, type_id, values)
        return self._made[key]

    def _fill(self, data: bytearray, base: int, type_id: int, values: Mapping[str, Value]) -> None:
        composite = self._btf[type_id]
        assert isinstance(composite, Composite)
        for member in composite.members:
            inner = self._btf.strip(member.type)
            at = base + member.bit_offset // 8
            if not member.name and isinstance(self._btf[inner], Composite):
                self._fill(data, at, inner, values)
            elif member.name in values:
                self._set(data, at, inner, member, values[member.name])

    def _set(self, data: bytearray, at: int, type_id: int, member: Member, value: Value) -> None:
        match self._btf[type_id], value:
            case Composite(), Mapping():
                self._fill(data, at, type_id, value)
            case Ptr(), Mapping():
                data[at : at + 8] = self._pointee(type_id, value).to_bytes(8, "little")
            case Array(), str() | bytes():
                self._set_text(data, at, type_id, value)
            case _, int() if not member.bitfield_size:
                size = self._btf.size(type_id)
                low = value & ((1 << 8 * size) - 1)
                data[at : at + size] = low.to_bytes(size, "little")
            case _:
                raise VmError(f"{value!r} cannot be the value of the kernel's field {member.name}")

    def _pointee(self, pointer_id: int, values: Mapping[str, Value]) -> int:
        pointer = self._btf[pointer_id]
        assert isinstance(pointer, Ptr)
        target = self._btf.strip(pointer.type)
        if self._btf.kind(target) == Kind.FWD:
            # The struct is defined under the name of a flavour, or not at all.
            target = next(
                iter(self._btf.find_all(self._btf.name(target), Kind.STRUCT, flavours=True)), 0
            )
        return self.struct(target, values).base if target else 0

    def _set_text(self, data: bytearray, at: int, type_id: int, value: str | bytes) -> None:
        size = self._btf.size(type_id)
        raw = value.encode()[: size - 1] if isinstance(value, str) else value[:size]
        data[at : at + len(raw)] = raw
