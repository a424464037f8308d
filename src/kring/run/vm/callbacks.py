"""Helpers of the VM that call a function of the program which calls them.

In:  a `World`; the function as the address that a `lddw` gave for it.
Out: `BY_NAME`, helpers by the kernel's names.
See: kernel/bpf/bpf_iter.c, bpf_loop; kernel/bpf/hashtab.c, bpf_for_each_hash_elem.
"""

from __future__ import annotations

from collections.abc import Callable
from errno import E2BIG, EINVAL
from typing import TYPE_CHECKING, Final

from kring.abi.uapi import MAX_ROUNDS
from kring.run.vm.world import World

if TYPE_CHECKING:
    from kring.run.vm.machine import Machine

_Function = Callable[[World, "Machine", int, int, int, int], int]


def _loop(
    world: World, machine: Machine, rounds: int, function: int, context: int, flags: int
) -> int:
    """How often the function was called with a number and the context, before it returned 1."""
    rounds &= 0xFFFF_FFFF
    if flags:
        return -EINVAL
    if rounds > MAX_ROUNDS:
        return -E2BIG
    for at in range(rounds):
        if machine.call(function, at, context):
            return at + 1
    return rounds


def _for_each(
    world: World, machine: Machine, map: int, function: int, context: int, flags: int
) -> int:
    """How many entries the function was called with: the map, key, value and the context."""
    live = world.map_at(map)
    if flags:
        return -EINVAL
    done = 0
    for key in list(live.keys()):
        values = live.find(key)
        if values is None:
            continue
        value = values[world.cpu if live.cpus > 1 else 0]
        memory = world.memory.map(bytearray(key), "a key", writable=False)
        world.memory.retire(memory)
        done += 1
        if machine.call(function, map, memory.base, value.base, context):
            break
    return done


BY_NAME: Final[dict[str, _Function]] = {"loop": _loop, "for_each_map_elem": _for_each}
