"""The kernel functions of the VM, by the kernel's names.

In:  a `World`.
Out: `number(name)`, what a call of one has for an immediate; `table(world)`, the functions by it.
Rule: as for helpers: a result is what the kernel's function returns.
"""

from __future__ import annotations

from collections.abc import Callable
from errno import E2BIG, EINVAL
from struct import pack, unpack
from typing import TYPE_CHECKING, Final

from kring.errors import NotSupported
from kring.run.vm.world import World

if TYPE_CHECKING:
    from kring.run.vm.machine import Helper, Machine

_Function = Callable[[World, int, int, int], int]

_MOST_STEPS: Final = 8 * 1024 * 1024
"""BPF_MAX_LOOPS."""
_STATE: Final = "<2i"
"""struct bpf_iter_num_kern: the number last given, the first that is not."""


def number(name: str) -> int:
    """What stands for the function in a call.

    Raises: NotSupported for one that the VM does not have.
    """
    if name not in _BY_NAME:
        raise NotSupported(
            f"the VM has no kernel function {name!r}; it has {', '.join(_BY_NAME)}. "
            "Run this program on the kernel: `load(…, on=Kernel())`"
        )
    return list(_BY_NAME).index(name) + 1


def table(world: World) -> dict[int, Helper]:
    """The functions by number, acting on this world."""
    return {number(name): _bound(world, function) for name, function in _BY_NAME.items()}


def _bound(world: World, function: _Function) -> Helper:
    def helper(_: Machine, r1: int, r2: int, r3: int, *__: int) -> int:
        return function(world, r1, r2, r3)

    return helper


def _signed(register: int) -> int:
    """The `int` in a register."""
    return ((register & 0xFFFF_FFFF) ^ 0x8000_0000) - 0x8000_0000


def _iter_num_new(world: World, it: int, start: int, end: int) -> int:
    first, stop = _signed(start), _signed(end)
    error = -EINVAL if first > stop else -E2BIG if stop - first > _MOST_STEPS else 0
    before = _signed(first - 1)
    world.memory.write(it, pack(_STATE, *((0, 0) if error else (before, stop))))
    return error


def _iter_num_next(world: World, it: int, *_: int) -> int:
    last, stop = unpack(_STATE, world.memory.read(it, 8))
    more = _signed(last + 1) < stop
    world.memory.write(it, pack(_STATE, *((_signed(last + 1), stop) if more else (0, 0))))
    return it if more else 0


def _iter_num_destroy(world: World, it: int, *_: int) -> int:
    world.memory.write(it, bytes(8))
    return 0


_BY_NAME: dict[str, _Function] = {
    "bpf_iter_num_new": _iter_num_new,
    "bpf_iter_num_next": _iter_num_next,
    "bpf_iter_num_destroy": _iter_num_destroy,
}
