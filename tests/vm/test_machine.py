"""The interpreter's own rules: faults that name their place, budgets, helpers, poison."""

from __future__ import annotations

import itertools
from contextlib import closing
from typing import Any

import pytest

from kring.abi.asm import parse
from kring.abi.code import encode
from kring.abi.isa import Pseudo
from kring.errors import VmError
from kring.obj.object import Object, Program
from kring.run.vm.machine import Machine
from kring.run.vm.memory import Memory
from kring.run.vm.target import Vm


def machine(text: str, memory: Memory | None = None, **options: Any) -> Machine:
    return Machine(encode(parse(text)), memory or Memory(), **options)


def test_fault_names_slot_instruction_address_region_and_line() -> None:
    memory = Memory()
    region = memory.map(bytearray(8), "the packet")
    lines = {0: "prog.py:3: a = 1", 1: "prog.py:4: b = packet[7]"}
    vm = machine("mov r0, 0\nldxw r0, [r1+6]\nexit", memory, lines=lines)
    with pytest.raises(VmError) as caught:
        vm.run(region.base)
    error = caught.value
    assert (error.slot, error.address) == (1, region.base + 6)
    assert error.line == "prog.py:4: b = packet[7]"
    assert str(error) == (
        f"slot 1 (ldxw r0, [r1+6]): read of 4 bytes at {region.base + 6:#x}: "
        "the packet has 8 bytes, this is at +6\n  prog.py:4: b = packet[7]"
    )


def test_write_to_read_only_memory_faults() -> None:
    memory = Memory()
    region = memory.map(bytearray(8), "rodata", writable=False)
    with pytest.raises(VmError, match="rodata is read-only"):
        machine("stb [r1], 1\nmov r0, 0\nexit", memory).run(region.base)


def test_budget_is_exact() -> None:
    text = "mov r0, 0\nexit"
    assert machine(text, limit=2).run() == 0
    with pytest.raises(VmError, match="no exit after 1 instructions"):
        machine(text, limit=1).run()


def test_endless_loop_ends() -> None:
    with pytest.raises(VmError, match="no exit after 1000 instructions"):
        machine("again: ja again", limit=1000).run()


def test_may_goto_ends_an_endless_loop() -> None:
    vm = machine("mov r0, 0\nagain: may_goto done\nadd r0, 1\nja again\ndone: exit")
    assert vm.run() == vm.run() > 1000


def test_helper_gets_arguments_and_clobbers_them() -> None:
    seen: list[tuple[int, ...]] = []

    def helper(_: Machine, *args: int) -> int:
        seen.append(args)
        return -1

    text = "mov r1, 1\nmov r2, 2\nmov r3, 3\nmov r4, 4\nmov r5, 5\nmov r6, 6\ncall 7\nexit"
    vm = machine(text, helpers={7: helper})
    assert vm.run() == (1 << 64) - 1
    assert seen == [(1, 2, 3, 4, 5)]
    assert vm.regs[6] == 6
    assert all(value not in range(1 << 32) for value in vm.regs[1:6])


def test_pseudo_immediates_go_through_resolve() -> None:
    asked: list[tuple[Pseudo, int, int]] = []

    def resolve(kind: Pseudo, low: int, high: int) -> int:
        asked.append((kind, low, high))
        return 0x1234

    assert machine("lddw r0, map_value(3, 16)\nexit", resolve=resolve).run() == 0x1234
    assert asked == [(Pseudo.MAP_VALUE, 3, 16)]


def test_runs_are_independent() -> None:
    vm = machine("mov r0, r6\nadd r6, 1\nldxdw r2, [r10-8]\nstdw [r10-8], 7\nadd r0, r2\nexit")
    assert vm.run() == vm.run()


def test_fresh_stack_is_not_zero() -> None:
    assert machine("ldxb r0, [r10-1]\nexit").run() != 0


def test_regions_never_touch() -> None:
    memory = Memory()
    regions = [memory.map(bytearray(size), f"region {size}") for size in (1, 8, 1 << 24, 3, 0)]
    for before, after in itertools.pairwise(regions):
        assert after.base - before.end >= 0x1000
        with pytest.raises(VmError):
            memory.load(before.end, 1)
        with pytest.raises(VmError):
            memory.load(after.base - 1, 1)


def test_access_across_the_middle_of_a_large_region() -> None:
    memory = Memory()
    region = memory.map(bytearray((1 << 25) + 5), "large")
    for at in (0, (1 << 24) - 0x1000 - 4, (1 << 25) - 3):
        memory.store(region.base + at, 8, 0x1122334455667788)
        assert memory.load(region.base + at, 8) == 0x1122334455667788


def test_retired_region_stays_until_reaped() -> None:
    memory = Memory()
    region = memory.map(bytearray(b"\x05"), "an element")
    memory.retire(region)
    assert memory.load(region.base, 1) == 5
    memory.reap()
    with pytest.raises(VmError, match="nothing is mapped"):
        memory.load(region.base, 1)


def test_typed_pointers_read_zero_where_others_fault() -> None:
    memory = Memory()
    task = memory.map(bytearray(8), "task", space="typed")
    beyond = task.base + (1 << 30)
    for address in (0, 0x99, beyond):
        with pytest.raises(VmError):
            memory.load(address, 8)
    memory.typed_pointers = True
    assert [memory.load(address, 8) for address in (0, 0x99, beyond)] == [0, 0, 0]
    plain = memory.map(bytearray(8), "value")
    with pytest.raises(VmError):
        memory.load(plain.base + 8, 1)
    with pytest.raises(VmError):
        memory.store(0, 8, 1)


CALLS_BACK = """
stdw [r10-8], 0
mov r1, {rounds}
lddw r2, func({distance})
mov r3, r10
add r3, -8
mov r4, 0
call 181
mov r6, r0
ldxdw r0, [r10-8]
exit
ldxdw r3, [r2]
add r3, r1
stxdw [r2], r3
mov r0, 0
jlt r1, {last}, +1
mov r0, 1
exit
"""


def called_back(rounds: int = 5, last: int = 100, distance: int = 8) -> int:
    text = CALLS_BACK.format(rounds=rounds, last=last, distance=distance)
    program = encode(parse(text))
    with closing(Vm(limit=2000).open(Object("o", ()))) as runtime:
        return runtime.load(Program("f", "syscall", program), program).run().value


def test_a_helper_calls_a_function_of_the_program() -> None:
    assert called_back() == 0 + 1 + 2 + 3 + 4
    assert called_back(rounds=0) == 0
    assert called_back(last=2) == 0 + 1 + 2


def test_what_is_no_function_is_not_called() -> None:
    with pytest.raises(VmError, match=r"slot \d+ is no function to refer to"):
        called_back(distance=1000)


def test_functions_that_are_called_back_count() -> None:
    with pytest.raises(VmError, match="no exit after 2000 instructions"):
        called_back(rounds=1000, last=10_000)
