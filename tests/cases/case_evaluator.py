"""Programs on the IR evaluator: maps, rings and helpers by their meaning, in a few lines each.

In: a program's IR and the maps it names. Out: an `Evaluated`, with its maps as raw bytes. One CPU,
no concurrency, and memory that is handed out full of rubbish, so that what a program forgets to
zero shows.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from errno import E2BIG, EEXIST, EFAULT, EINVAL, ENOENT
from struct import pack, unpack
from typing import Any

from case_contexts import context, hidden
from case_kernel import KernelSide

from kring.abi.programs import KINDS, Kind
from kring.abi.uapi import BPF_EXIST, BPF_NOEXIST
from kring.decl.containers import Bloom, Container, LpmTrie, Stack
from kring.decl.maps import (
    DROPS,
    SCRATCH,
    MapDeclaration,
    PerfBuf,
    Stream,
    key_type,
    value_size,
)
from kring.decl.variables import CONSTANTS, DATA, Global
from kring.errors import VmError
from kring.frontend.maps import ARRAYS
from kring.frontend.module import Module
from kring.ir.core import Fn
from kring.ir.evaluate import World, evaluate
from kring.run.vm.task import Task

RUBBISH = 0xA5
_HEADER = 8


@dataclass(frozen=True, slots=True)
class Who:
    """The task a program runs as."""

    pid: int
    tid: int
    uid: int
    gid: int
    comm: str


@dataclass(slots=True)
class Table:
    """A map: addresses of its values by key."""

    declaration: MapDeclaration | None
    key_size: int
    value_size: int
    max_entries: int
    entries: dict[bytes, int] = field(default_factory=dict[bytes, int])


@dataclass(slots=True)
class Ring:
    """A ring that nobody reads: what was reserved, and what was submitted of it, in order."""

    size: int
    used: int = 0
    sizes: dict[int, int] = field(default_factory=dict[int, int])
    submitted: dict[int, bool] = field(default_factory=dict[int, bool])


class Evaluated:
    """The world of the programs of one module."""

    def __init__(self, module: Module, who: Who) -> None:
        self.tables: dict[str, Table] = {}
        self.rings: dict[str, Ring] = {}
        self.drops = module.drops
        self._who = who
        self._kernel = KernelSide(module)
        self._task = 0
        self._variables = module.variables
        self._declared = module.maps
        self.packet = 0, 0
        self._hidden = self._context = 0
        self._names = [*module.maps, DROPS, SCRATCH]
        self.kept: dict[str, list[bytes]] = {}
        self.world = World(
            helpers={
                **{name: getattr(self, f"_{name}") for name in _HELPERS},
                **{f"bpf_{name}": getattr(self, f"_{name}") for name in _KFUNCS},
            },
            maps={name: number for number, name in enumerate(self._names)},
        )
        self.world.globals = {
            DATA: self.world.allocate(module.variable_data()),
            CONSTANTS: self.world.allocate(module.constants),
        }
        self.printed: list[str] = []
        for name, declaration in module.maps.items():
            if isinstance(declaration, Stream):
                perf = isinstance(declaration, PerfBuf)
                self.rings[name] = Ring(declaration.size if perf else declaration.max_entries)
            elif isinstance(declaration, Container):
                self.kept[name] = []
            elif not declaration.types:
                continue
            else:
                self._create(name, declaration)
        self.tables[DROPS] = Table(None, 4, 8, len(module.drops))
        self._fill(self.tables[DROPS])
        largest = max(module.scratch.values(), default=0)
        self.tables[SCRATCH] = Table(None, 4, largest, len(module.scratch))
        self._fill(self.tables[SCRATCH], RUBBISH)

    def run(
        self, fn: Fn, kind: Kind = KINDS["syscall"], data: bytes = b"", ctx: bytes = b""
    ) -> int:
        """What the program returns, given a packet or nothing, and bytes of context."""
        seen = data[hidden(kind) :]
        packet = self.world.allocate(seen)
        self.packet = packet, len(seen)
        self._hidden = len(data) - len(seen)
        self._context = self.world.allocate(context(kind, packet, data, ctx))
        self.world.core = self._kernel.facts(fn)
        return evaluate(fn, [self._context], self.world)

    def data(self) -> bytes:
        """The packet as the last run left it."""
        return bytes(self._hidden) + self.world.read(*self.packet)

    def variable(self, name: str) -> tuple[int, Global[Any]]:
        """Address and declaration of a shared variable."""
        offset, declaration = self._variables[name]
        return self.world.globals[DATA] + offset, declaration

    def update(self, name: str, key: bytes, value: bytes) -> None:
        """What user space does to an entry, or to a map without keys."""
        if name in self.kept:
            self.kept[name].append(value)
            return
        table = self.tables[name]
        table.entries[key] = self.world.allocate(value)

    def contents(self, name: str) -> Mapping[bytes, bytes]:
        """The entries of a map."""
        table = self.tables[name]
        read = self.world.read
        return {key: read(at, table.value_size) for key, at in table.entries.items()}

    def records(self, name: str) -> list[bytes]:
        """What was submitted, in order of reservation.

        Raises: AssertionError if a record is neither submitted nor discarded.
        """
        ring = self.rings[name]
        assert ring.submitted.keys() == ring.sizes.keys(), f"a record of {name} was forgotten"
        read = self.world.read
        return [read(at, size) for at, size in ring.sizes.items() if ring.submitted[at]]

    def dropped(self) -> int:
        """Records lost, of all streams together."""
        return sum(int.from_bytes(n, "little") for n in self.contents(DROPS).values())

    def _create(self, name: str, declaration: MapDeclaration) -> None:
        key = key_type(declaration)
        sizes = value_size(key) if key else 0, value_size(declaration.types[-1])
        table = self.tables[name] = Table(declaration, *sizes, declaration.max_entries)
        if declaration.type in ARRAYS:
            self._fill(table)

    def _fill(self, table: Table, byte: int = 0) -> None:
        for index in range(table.max_entries):
            content = bytes([byte]) * table.value_size
            table.entries[index.to_bytes(4, "little")] = self.world.allocate(content)

    def _table(self, number: int) -> Table:
        return self.tables[self._names[number]]

    # Helpers, named as the kernel names them.

    def _map_lookup_elem(self, world: World, map: int, key: int) -> int:
        table = self._table(map)
        sought = world.read(key, table.key_size)
        if isinstance(table.declaration, LpmTrie):
            return self._longest(table, sought)
        return table.entries.get(sought, 0)

    def _longest(self, table: Table, key: bytes) -> int:
        """The value of the longest prefix of a key."""
        found = 0, 0
        for prefix, value in table.entries.items():
            length = int.from_bytes(prefix[:4], "little")
            if length <= int.from_bytes(key[:4], "little") and length + 1 > found[0]:
                rest = 8 * (table.key_size - 4) - length
                if (_bits(prefix) ^ _bits(key)) >> rest == 0:
                    found = length + 1, value
        return found[1]

    def _map_push_elem(self, world: World, map: int, value: int, flags: int) -> int:
        name = self._names[map]
        declaration = self._declared[name]
        kept = self.kept[name]
        if len(kept) == declaration.max_entries and not isinstance(declaration, Bloom):
            return -E2BIG
        kept.append(world.read(value, value_size(declaration.types[0])))
        return 0

    def _map_pop_elem(self, world: World, map: int, value: int) -> int:
        return self._first(map, value, take=True)

    def _map_peek_elem(self, world: World, map: int, value: int) -> int:
        name = self._names[map]
        declaration = self._declared[name]
        if isinstance(declaration, Bloom):
            size = value_size(declaration.types[0])
            return 0 if world.read(value, size) in self.kept[name] else -ENOENT
        return self._first(map, value, take=False)

    def _first(self, map: int, value: int, *, take: bool) -> int:
        name = self._names[map]
        declaration = self._declared[name]
        kept = self.kept[name]
        at = -1 if isinstance(declaration, Stack) else 0
        size = value_size(declaration.types[0])
        self.world.write(value, kept[at] if kept else bytes(size))
        if not kept:
            return -ENOENT
        if take:
            kept.pop(at)
        return 0

    def _spin_lock(self, world: World, lock: int) -> int:
        assert world.read(lock, 4) == bytes(4), "a lock is taken twice"
        world.write(lock, b"\1\0\0\0")
        return 0

    def _spin_unlock(self, world: World, lock: int) -> int:
        assert world.read(lock, 4) == b"\1\0\0\0", "a lock is released that is not held"
        world.write(lock, bytes(4))
        return 0

    def _tail_call(self, world: World, context: int, map: int, index: int) -> int:
        """There is no program to go on with."""
        return 0

    def _get_stackid(self, world: World, context: int, map: int, flags: int) -> int:
        return -EFAULT

    def _perf_event_output(
        self, world: World, context: int, map: int, flags: int, data: int, size: int
    ) -> int:
        return self._ringbuf_output(world, map, data, size, 0)

    def _map_update_elem(self, world: World, map: int, key: int, value: int, flags: int) -> int:
        table = self._table(map)
        name = world.read(key, table.key_size)
        if name in table.entries:
            if flags == BPF_NOEXIST:
                return -EEXIST
            world.write(table.entries[name], world.read(value, table.value_size))
            return 0
        if flags == BPF_EXIST and not (table.declaration and table.declaration.type in ARRAYS):
            return -ENOENT
        if len(table.entries) == table.max_entries:
            return -E2BIG
        table.entries[name] = world.allocate(world.read(value, table.value_size))
        return 0

    def _map_delete_elem(self, world: World, map: int, key: int) -> int:
        table = self._table(map)
        name = world.read(key, table.key_size)
        if table.declaration and table.declaration.type in ARRAYS:
            return -EINVAL
        return -ENOENT if table.entries.pop(name, None) is None else 0

    def _ringbuf_reserve(self, world: World, map: int, size: int, flags: int) -> int:
        ring = self.rings[self._names[map]]
        taken = -(-(size + _HEADER) // 8) * 8
        if ring.used + taken > ring.size - 1:
            return 0
        ring.used += taken
        address = world.allocate(bytes([RUBBISH]) * size)
        ring.sizes[address] = size
        return address

    def _ringbuf_submit(self, world: World, record: int, flags: int) -> int:
        return self._end(record, True)

    def _ringbuf_discard(self, world: World, record: int, flags: int) -> int:
        return self._end(record, False)

    def _end(self, record: int, kept: bool) -> int:
        (ring,) = (ring for ring in self.rings.values() if record in ring.sizes)
        assert record not in ring.submitted, "a record was ended twice"
        ring.submitted[record] = kept
        return 0

    def _ringbuf_output(self, world: World, map: int, data: int, size: int, flags: int) -> int:
        address = self._ringbuf_reserve(world, map, size, 0)
        if not address:
            return -11
        world.write(address, world.read(data, size))
        return self._end(address, True)

    def _ktime_get_ns(self, world: World) -> int:
        return 10**15

    def _get_smp_processor_id(self, world: World) -> int:
        return 0

    def _get_current_pid_tgid(self, world: World) -> int:
        return self._who.pid << 32 | self._who.tid

    def _get_current_uid_gid(self, world: World) -> int:
        return self._who.gid << 32 | self._who.uid

    def _get_current_comm(self, world: World, target: int, size: int) -> int:
        world.write(target, self._who.comm.encode()[: size - 1].ljust(size, b"\0"))
        return 0

    def _get_current_task_btf(self, world: World) -> int:
        if not self._task:
            who = self._who
            parent = os.getppid()
            task = Task(who.pid, who.tid, parent, who.comm, who.uid, who.gid)
            self._task = self._kernel.task(world, task)
        return self._task

    def _get_current_task(self, world: World) -> int:
        return self._get_current_task_btf(world)

    def _skb_load_bytes(self, world: World, skb: int, at: int, target: int, size: int) -> int:
        packet, length = self.packet
        assert skb == self._context
        inside = at + size <= length
        world.write(target, world.read(packet + at, size) if inside else bytes(size))
        return 0 if inside else -14

    def _skb_pull_data(self, world: World, skb: int, size: int) -> int:
        assert skb == self._context
        return 0 if size <= self.packet[1] else -12

    def _probe_read_kernel(self, world: World, target: int, size: int, address: int) -> int:
        try:
            world.write(target, world.read(address, size))
        except VmError:
            world.write(target, bytes(size))
            return -EFAULT
        return 0

    def _probe_read_kernel_str(self, world: World, target: int, size: int, address: int) -> int:
        text = b""
        while len(text) < size - 1 and (byte := world.read(address + len(text), 1)) != b"\0":
            text += byte
        world.write(target, text + b"\0")
        return len(text) + 1

    # Kernel functions.

    def _iter_num_new(self, world: World, it: int, start: int, end: int) -> int:
        first, stop = (
            int.from_bytes((n & MASK32).to_bytes(4, "little"), "little", signed=True)
            for n in (start, end)
        )
        error = -EINVAL if first > stop else -E2BIG if stop - first > 1 << 23 else 0
        last = (first - 1 + (1 << 31)) % (1 << 32) - (1 << 31)
        world.write(it, pack("<2i", *((0, 0) if error else (last, stop))))
        return error

    def _iter_num_next(self, world: World, it: int) -> int:
        last, stop = unpack("<2i", world.read(it, 8))
        if last + 1 >= stop:
            world.write(it, bytes(8))
            return 0
        world.write(it, pack("<i", last + 1))
        return it

    def _iter_num_destroy(self, world: World, it: int) -> int:
        world.write(it, bytes(8))
        return 0

    def _trace_printk(self, world: World, format: int, size: int, *values: int) -> int:
        wanted = re.findall(r"%[-+ 0-9]*(?:ll([duxX])|(s))", self._text(world, format))
        shown = [
            self._text(world, value) if text else value - (value >> 63 << 64) * (kind == "d")
            for value, (kind, text) in zip(values, wanted, strict=True)
        ]
        text = self._text(world, format)
        assert len(text.encode()) + 1 == size, "the format's size is not that of its text"
        self.printed.append(re.sub(r"ll([duxX])", r"\1", text) % tuple(shown))
        return 0

    def _trace_vprintk(self, world: World, format: int, size: int, data: int, length: int) -> int:
        values = unpack(f"<{length // 8}Q", world.read(data, length))
        return self._trace_printk(world, format, size, *values)

    def _text(self, world: World, address: int) -> str:
        raw = b""
        while (byte := world.read(address + len(raw), 1)) != b"\0":
            raw += byte
        return raw.decode()


MASK32 = 0xFFFF_FFFF
_KFUNCS = ["iter_num_new", "iter_num_next", "iter_num_destroy"]


def _bits(key: bytes) -> int:
    return int.from_bytes(key[4:], "big")


_PREFIXES = (
    "_map_", "_ringbuf_", "_ktime_", "_get_", "_probe_", "_skb_", "_trace_", "_tail_", "_perf_",
    "_spin_",
)  # fmt: skip

_HELPERS = [name[1:] for name in vars(Evaluated) if name.startswith(_PREFIXES)]
