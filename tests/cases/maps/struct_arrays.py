"""Arrays of structs: an index surely inside is the entry itself, any other is checked."""
# run: direct(flows=[Flow(packets=2), Flow(size=9)]) -> flows=[Flow(packets=5, size=100), Flow(packets=7, size=9), Flow(packets=3), Flow()], out=[5, 7, 9]
# run: masked(given=[6]) -> flows=[Flow(), Flow(), Flow(packets=1), Flow()], out=[1]
# run: checked(given=[3], flows=[Flow(), Flow(), Flow(), Flow(packets=8)]) -> out=[8, 1]
# run: checked(given=[4]) -> out=[-1, 0]
# run: own() -> out=[2]
# run: held(given=[1]) -> events=[Flow(packets=1), Flow(packets=1, size=3)], flows=[Flow(packets=1)], lost=0
# run: held(given=[0]) -> events=[], flows=[Flow(packets=1)], lost=0
# run: held_masked(given=[5]) -> events=[Flow(), Flow(packets=2)], flows=[Flow(), Flow(packets=2)], lost=0
# run: often(given=[2]) -> flows=[Flow(), Flow(size=12)], out=[12]
from kring import Array, PerCpuArray, RingBuf, Struct, i64, syscall, u32, u64


class Flow(Struct):
    packets: u64
    size: u32


flows = Array[Flow](4)
given = Array[i64](1)
mine = PerCpuArray[Flow](1)
out = Array[i64](3)
events = RingBuf[Flow](4096)


@syscall
def direct() -> None:
    flows[0].packets += 3
    flows[0].size = 100
    second = flows[1]
    second.packets = 7
    flows[2] = Flow(packets=3)
    out[0] = flows[0].packets
    out[1] = second.packets
    out[2] = flows[1].size


@syscall
def masked() -> None:
    flows[given[0] & 3].packets += 1
    out[0] = flows[given[0] % 4].packets if given[0] >= 0 else 0


@syscall
def checked() -> None:
    i = given[0]
    if (flow := flows.get(i)) is not None:
        out[0] = flow.packets
    else:
        out[0] = -1
    out[1] = i in flows


@syscall
def own() -> None:
    mine[0].packets += 1
    mine[0].packets += 1
    out[0] = mine[0].packets


@syscall
def held() -> None:
    e = events.try_reserve()
    flows[0].packets += 1
    if e is not None:
        flows[0].size += 0
        e.packets = flows[0].packets
        if given[0]:
            with events.reserve() as f:
                f.packets = 9
                events.submit(e)
                flows[1].size += 0
                e2 = flows[2].size
                f.size = 3 + e2
                f.packets = flows[0].packets
                return
        events.discard(e)


@syscall
def held_masked() -> None:
    e = events.try_reserve()
    flows[given[0] & 3].packets += 1
    if e is not None:
        with events.reserve() as f:
            flows[given[0] & 3].packets += 1
            f.packets = flows[given[0] & 1].packets
        events.submit(e)


def grow(i: int, by: int) -> int:
    flows[1].size += by
    return flows[1].size


@syscall
def often() -> None:
    grow(0, given[0])
    grow(1, given[0] + 1)
    grow(2, given[0] + 2)
    out[0] = grow(3, given[0] + 1)
