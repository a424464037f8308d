"""Runs one IR function on each engine: evaluated directly, lowered in the VM, in the kernel."""

from __future__ import annotations

import sys
from pathlib import Path

from kring.abi.code import encode
from kring.abi.helpers import HELPERS
from kring.ir.check import check
from kring.ir.core import Fn
from kring.ir.evaluate import World, evaluate
from kring.lower.code import Code
from kring.lower.lower import lower
from kring.run.vm.machine import Machine
from kring.run.vm.memory import Memory

sys.path.insert(0, str(Path(__file__).parent.parent / "isa"))

from kernel_harness import run_in_kernel

TIME = 0x1234_5678_9ABC_DEF0


def evaluated(fn: Fn, mem: bytes) -> int:
    """What the function returns, given the address of a copy of `mem`."""
    world = World(helpers={"ktime_get_ns": lambda _world: TIME})
    return evaluate(fn, [world.allocate(mem)], world)


def in_vm(code: Code, mem: bytes) -> int:
    memory = Memory()
    region = memory.map(bytearray(mem), "mem")
    helpers = {HELPERS["ktime_get_ns"].id: lambda *_: TIME}
    return Machine(encode(code.insns), memory, helpers).run(region.base)


def in_kernel(code: Code, mem: bytes) -> int:
    return run_in_kernel(list(code.insns), mem)


def agree(fn: Fn, mem: bytes) -> Code:
    """The function's code, which does in the VM what the function means."""
    check(fn)
    code = lower(fn)
    assert in_vm(code, mem) == evaluated(fn, mem)
    return code
