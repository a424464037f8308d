"""Locks in values of maps: released however the block is left."""

# run: add(data=bytes(64), totals={1: Total(packets=1, size=2)}) -> totals={1: Total(packets=2, size=66)}, value=2
# run: add(data=bytes(20), totals={}) -> totals={1: Total(packets=1)}, value=2
# run: leave(data=bytes(64), slots=[Total(packets=0)]) -> slots=[Total(packets=10, size=1)], out=[10, 1], value=3
# run: leave(data=bytes(64), slots=[Total(packets=5)]) -> slots=[Total(packets=5, size=2)], out=[0, 0], value=4
# run: leave(data=bytes(64), slots=[Total(packets=9)]) -> slots=[Total(packets=9, size=3)], out=[0, 0], value=0
# run: record(data=bytes(64), slots=[Total(packets=3)]) -> slots=[Total(packets=4)], events=[Event(packets=4)], value=2
# run: record(data=bytes(64), slots=[Total(packets=0)]) -> slots=[Total(packets=1)], events=[], value=2
from kring import Array, Discard, Hash, RingBuf, SpinLock, Struct, Xdp, i64, u32, u64, xdp


class Total(Struct):
    packets: u64
    lock: SpinLock
    size: u32


class Event(Struct):
    packets: u64


totals = Hash[u32, Total](max_entries=4)
slots = Array[Total](2)
events = RingBuf[Event](4096)
out = Array[i64](2)


@xdp
def add(ctx: Xdp) -> int:
    size = len(ctx.packet)
    if (total := totals.get(1)) is not None:
        with total.lock:
            total.packets += 1
            total.size = total.size + size
    else:
        totals[1] = Total(packets=1)
    return 2


@xdp
def leave(ctx: Xdp) -> int:
    slot = slots[0]
    seen = 0
    for i in range(12):
        with slot.lock:
            if slot.packets == 5:
                slot.size = 2
                return 4
            if slot.packets == 9 and i == 0:
                slot.size = 3
                assert slot.packets != 9
            if slot.packets >= 10:
                slot.size = 1
                break
            if slot.packets == 4:
                slot.packets = 6
                continue
            slot.packets = slot.packets + 1
            if slot.packets == 9:
                slot.packets = 10
        seen += 1
    out[0] = slot.packets
    out[1] = seen > 3
    return 3


@xdp
def record(ctx: Xdp) -> int:
    slot = slots[0]
    with events.reserve() as e:
        with slot.lock:
            slot.packets = slot.packets + 1
            e.packets = slot.packets
            if slot.packets == 1:
                raise Discard
    return 2
