"""Helpers that read and write the packet by offsets from its start.

In:  a `World` and the registers; the context says where the packet lies.
Out: `BY_NAME`, the functions by the kernel's names of helpers.

See: net/core/filter.c.
"""

from __future__ import annotations

from collections.abc import Callable
from errno import EFAULT, EINVAL, ENOMEM
from typing import Final

from kring.run.vm.world import World

_XDP: Final = (0, 4)
_SKB: Final = (76, 80)
"""Where the context has the packet's first byte, and the end of its last."""
_FARTHEST: Final = 0xFFFF

_Function = Callable[[World, int, int, int, int, int], int]


def _packet(world: World, ctx: int, fields: tuple[int, int]) -> tuple[int, int]:
    """Address and size."""
    start, end = (world.memory.load(ctx + field, 4) for field in fields)
    return start, end - start


def _skb_load(world: World, ctx: int, offset: int, to: int, size: int, *_: int) -> int:
    start, length = _packet(world, ctx, _SKB)
    if offset + size > length:
        world.memory.write(to, bytes(size))
        return -EFAULT
    world.memory.write(to, world.memory.read(start + offset, size))
    return 0


def _skb_store(world: World, ctx: int, offset: int, source: int, size: int, flags: int) -> int:
    start, length = _packet(world, ctx, _SKB)
    if flags & ~0b11:
        return -EINVAL
    if offset + size > length:
        return -EFAULT
    world.memory.write(start + offset, world.memory.read(source, size))
    return 0


def _skb_pull(world: World, ctx: int, size: int, *_: int) -> int:
    """A packet is in one piece here; there only is the question whether it is as long."""
    return -ENOMEM if size > _packet(world, ctx, _SKB)[1] else 0


def _xdp(*, store: bool) -> _Function:
    def access(world: World, ctx: int, offset: int, memory: int, size: int, *_: int) -> int:
        start, length = _packet(world, ctx, _XDP)
        if offset > _FARTHEST or size > _FARTHEST:
            return -EFAULT
        if offset + size > length:
            return -EINVAL
        source, target = (memory, start + offset) if store else (start + offset, memory)
        world.memory.write(target, world.memory.read(source, size))
        return 0

    return access


def _xdp_size(world: World, ctx: int, *_: int) -> int:
    return _packet(world, ctx, _XDP)[1]


BY_NAME: dict[str, _Function] = {
    "skb_load_bytes": _skb_load,
    "skb_store_bytes": _skb_store,
    "skb_pull_data": _skb_pull,
    "xdp_load_bytes": _xdp(store=False),
    "xdp_store_bytes": _xdp(store=True),
    "xdp_get_buff_len": _xdp_size,
}
