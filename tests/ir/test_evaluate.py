"""What the reference interpreter does with memory, names and bounds."""

from __future__ import annotations

import pytest

from kring.errors import VmError
from kring.ir.core import Core
from kring.ir.evaluate import World, evaluate
from kring.ir.text import parse_fn


def run(body: str, *args: int, world: World | None = None, steps: int = 1000) -> int:
    params = ", ".join(f"v{i}: i64" for i in range(len(args)))
    return evaluate(parse_fn(f"fn f({params}) {{ b0: {body} }}"), args, world or World(), steps)


def test_memory_is_little_endian_and_cut_to_its_width() -> None:
    body = """v1: ptr.stack = stack 8
      store v1 [+0 u64] v0
      store v1 [+1 u8] v0
      zero v1 [+2 2]
      v2: i64 = load v1 [+0 i32]
      ret v2"""
    assert run(body, 0x1122334480) == 0x8080
    assert run("v1: ptr.stack = stack 8 store v1 [+0 u8] v0 v2: i64 = load v1 [+0 i8] ret v2", 0x80)
    assert run(body.replace("zero v1 [+2 2]", ""), 0xFFFFFFFE) == (1 << 64) - 258


def test_an_access_outside_is_a_fault() -> None:
    with pytest.raises(VmError, match="no memory of 8 bytes"):
        run("v1: ptr.stack = stack 8 v2: i64 = load v1 [+1 u64] ret v2")


def test_a_typed_kernel_pointer_that_faults_reads_zero() -> None:
    world = World(helpers={"get_current_task_btf": lambda _: 0}, core={Core("task", ("pid",)): 4})
    body = 'v1: ptr.btf = call "get_current_task_btf" v2: i64 = load v1 [task.pid u32] ret v2'
    assert run(body, world=world) == 0
    task = world.allocate(b"\0\0\0\0\x2a\0\0\0")
    world.helpers = {"get_current_task_btf": lambda _: task}
    assert run(body, world=world) == 42


def test_globals_and_atomic_adds_change_the_world() -> None:
    world = World()
    counter = world.allocate(16)
    world.globals = {"drops": counter}
    body = 'v1: ptr.value = global "drops" +8 atomic_add v1 [+0 u64] v0 ret v0'
    run(body, 5, world=world)
    run(body, (1 << 64) - 1, world=world)
    assert world.read(counter, 16) == bytes(8) + (4).to_bytes(8, "little")


def test_unknown_names_and_endless_loops_are_faults() -> None:
    with pytest.raises(VmError, match="the world has no nothing"):
        run('v1: i64 = call "nothing" ret v1')
    with pytest.raises(VmError, match="did not end"):
        run("jump b1 b1: jump b1")


def test_parameters_of_a_loop_change_together() -> None:
    body = """v9: i64 = const 0 jump b1(v9, v0)
    b1(v1: i64, v2: i64): br v2 b2 b3
    b2: v3: i64 = const -1 v4: i64 = add v2 v3 jump b1(v4, v1)
    b3: ret v1"""
    assert run(body, 1) == 0
    assert run(body, 3) == 2
