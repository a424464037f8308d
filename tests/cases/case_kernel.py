"""The kernel that programs on the IR evaluator see: types as the program declares them, and the
task it runs as, made by the VM's layout in the evaluator's memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

from kring.btf.blob import Btf
from kring.btf.write import Builder
from kring.decl.partial import KernelTypes
from kring.frontend.module import Module
from kring.ir.core import Core, Fn, Mem
from kring.ir.evaluate import World
from kring.run.vm.layout import build
from kring.run.vm.memory import Memory
from kring.run.vm.task import Task, task_values


@dataclass(frozen=True, slots=True)
class Place:
    """What the layout needs to know of memory it was given."""

    base: int


@dataclass(frozen=True, slots=True)
class Shared:
    """The evaluator's memory, for the VM's layout to fill."""

    world: World

    def map(self, data: bytearray, name: str, **_: Any) -> Place:
        address = self.world.allocate(len(data))
        self.world.regions[address] = data
        return Place(address)


class KernelSide:
    """Facts and the current task, laid out once all programs are compiled."""

    def __init__(self, module: Module) -> None:
        types = Builder()
        self._kernel = KernelTypes(types, module.kernel_types)
        self._btf = Btf(types.bytes())

    def facts(self, fn: Fn) -> dict[Core, int]:
        """The answers to what the function asks of its kernel."""
        asked: set[Core] = set()
        for value in fn.values():
            match value.imm:
                case Core() as core:
                    asked.add(core)
                case Mem(core=Core() as core):
                    asked.add(core)
                case _:
                    continue
        answer = self._kernel.answer
        return {core: answer(core.struct, core.path, core.kind)[2] for core in asked}

    def task(self, world: World, task: Task) -> int:
        """The address of the task_struct of the current task."""
        memory = cast("Memory", Shared(world))
        return build(memory, self._btf, "task_struct", task_values(task)).base
