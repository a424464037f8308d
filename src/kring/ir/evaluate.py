"""Runs IR functions, for tests: the meaning that every engine is compared with.

In: a function, its arguments as unsigned 64-bit numbers, and the world it runs in. Out: what it
returns, and the world changed. Integers go by `ROWS[op].evaluate`; nothing is shared with the VM.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Literal, TypeVar

from kring.errors import InternalError, VmError
from kring.ir.core import (
    LOCAL,
    MASK,
    ROWS,
    Core,
    Edge,
    Fn,
    GlobalRef,
    Kfunc,
    Mem,
    Op,
    Space,
    Value,
)
from kring.record import field, record

K = TypeVar("K")
V = TypeVar("V")

Helper = Callable[..., int]
"""Called with the world and the arguments."""


@record(frozen=False, eq=False)
class World:
    """Memory by address, and what the names in a function stand for.

    `helpers` are the kernel's functions too; `maps` holds what `map "name"` gives, any number
    helpers know; `globals` the address of the map's only value; `core` facts of the target kernel;
    `callees` are the functions that calls name, those of the function being run added. Addresses
    are never used twice.
    """

    helpers: Mapping[str, Helper] = field(default_factory=dict[str, Helper])
    maps: Mapping[str, int] = field(default_factory=dict[str, int])
    globals: Mapping[str, int] = field(default_factory=dict[str, int])
    core: Mapping[Core, int] = field(default_factory=dict[Core, int])
    callees: dict[str, Fn] = field(default_factory=dict[str, Fn])
    regions: dict[int, bytearray] = field(default_factory=dict[int, bytearray])
    free: int = 0x10000

    def allocate(self, content: int | bytes) -> int:
        """The address of new memory: zeros, or a copy of the bytes."""
        memory = bytearray(content)
        address = self.free
        self.regions[address] = memory
        self.free += (len(memory) + 0xFFFF) & ~0xFFF
        return address

    def read(self, address: int, size: int) -> bytes:
        """Raises: VmError if not all of it is memory."""
        memory, at = self._find(address, size)
        return bytes(memory[at : at + size])

    def write(self, address: int, data: bytes) -> None:
        """Raises: VmError if not all of it is memory."""
        memory, at = self._find(address, len(data))
        memory[at : at + len(data)] = data

    def _find(self, address: int, size: int) -> tuple[bytearray, int]:
        for base, memory in self.regions.items():
            if base <= address and address + size <= base + len(memory):
                return memory, address - base
        raise VmError(f"no memory of {size} bytes at {address:#x}", address=address)


def evaluate(fn: Fn, args: Sequence[int], world: World, steps: int = 100_000) -> int:
    """What the function returns, as an unsigned 64-bit number.

    Raises: VmError on a bad access or an unknown name, or after `steps` operations.
    """
    block = fn.entry
    world.callees |= fn.callees
    known = {param: arg & MASK for param, arg in zip(block.params, args, strict=True)}
    stack: list[int] = []
    try:
        while True:
            steps -= len(block.body) + 1
            if steps < 0:
                raise VmError(f"{fn.name} did not end within its steps")
            for value in block.body:
                known[value] = _run(value, [known[arg] for arg in value.args], world, stack, known)
            end = block.end
            if end is None:
                raise InternalError(f"{fn.name}: {block} has no end")
            if end.op is Op.RET:
                return known[end.args[0]]
            untaken = end.op is Op.BR and not known[end.args[0]]
            edge: Edge = block.edges[1 if untaken else 0]
            block = edge.block
            passed = [known[arg] for arg in edge.args]
            known.update(zip(block.params, passed, strict=True))
    finally:
        for address in stack:
            del world.regions[address]


def _run(
    value: Value, args: list[int], world: World, stack: list[int], known: dict[Value, int]
) -> int:
    row = ROWS[value.op]
    if row.evaluate is not None:
        return row.evaluate(args, value.imm if isinstance(value.imm, int) else 0)
    match value.op, value.imm:
        case Op.MAP, str() as name:
            return _named(world.maps, name)
        case Op.GLOBAL, GlobalRef(name, offset):
            return _named(world.globals, name) + offset
        case Op.STACK, int() as size:
            if value not in known:
                known[value] = world.allocate(size)
                stack.append(known[value])
            return known[value]
        case ((Op.CORE | Op.FIELD), Core() as core):
            return (sum(args) + _named(world.core, core)) & MASK
        case Op.CALL, str() as name if name.startswith(LOCAL):
            return evaluate(_named(world.callees, name.removeprefix(LOCAL)), args, world)
        case Op.CALL, str() as name:
            return _named(world.helpers, name)(world, *args) & MASK
        case Op.KFUNC, Kfunc(name):
            return _named(world.helpers, name)(world, *args) & MASK
        case Op.ASM, _:
            raise VmError("instructions of the machine mean nothing outside of it")
        case Op.BTF_ID, int(id):
            raise VmError(f"the world has no kernel whose type {id} has an address")
        case _, Mem() as mem:
            return _access(value, args, mem, world)
        case _:
            raise InternalError(f"{value.op.value} with immediate {value.imm!r}")


def _access(value: Value, args: list[int], mem: Mem, world: World) -> int:
    offset = mem.offset if mem.core is None else _named(world.core, mem.core)
    address = (args[0] + offset) & MASK
    order: Literal["little"] = "little"
    try:
        old = int.from_bytes(world.read(address, mem.size), order, signed=mem.signed)
    except VmError:
        # The kernel makes a faulting load of a typed kernel pointer read 0.
        if value.op is Op.LOAD and value.args[0].type.space is Space.BTF:
            return 0
        raise
    if value.op is Op.LOAD:
        return old & MASK
    modify, ones = ROWS[value.op].modify, (1 << 8 * mem.size) - 1
    assert modify is not None
    new = modify(old, [arg & ones for arg in args[1:]])
    world.write(address, (new & ones).to_bytes(mem.size, order))
    return old


def _named(table: Mapping[K, V], name: K) -> V:
    if name not in table:
        raise VmError(f"the world has no {name}")
    return table[name]
