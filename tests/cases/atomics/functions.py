"""The functions of `atomic`: what was there before, on fields, entries and variables."""

# run: fields(flows={1: Flow(packets=5, state=2, low=-3)}) -> flows={1: Flow(packets=8, state=9, low=4)}, out=[5, 2, -3, 4]
# run: fields(flows={}) -> flows={}, out=[0, 0, 0, 0]
# run: bits(words=[0b1100, 0b1010]) -> words=[0b1101, 0b1000, 5], out=[0b1100, 0b1010, 0b1111, 0]
# run: arrays(words=[7, 8, 2**64 - 1]) -> words=[0, 8, 1], out=[7, 0, -1, -1]
# run: hashes(counts={1: 4}) -> counts={1: 14, 2: 1, 3: 9}, out=[4, 0, 0, 10]
# run: hashes(counts={1: 4, 7: 7, 8: 8}) -> counts={1: 14, 7: 7, 8: 8, 2: 1}, out=[4, 0, 0, 10]
# run: compare(words=[5]) -> words=[6], out=[5, 6, 6, 1]
# run: compare(words=[4]) -> words=[4], out=[4, 4, 4, 0]
# run: variables(level=-1, limit=7) -> level=4, limit=0, out=[-1, 7, 2**32 - 1, 1]
# run: own() -> mine=[7], out=[0, 7]
from kring import Array, Global, Hash, PerCpuArray, Struct, atomic, i32, i64, syscall, u32, u64


class Flow(Struct):
    packets: u64
    state: u32
    low: i32


flows = Hash[u32, Flow](max_entries=4)
counts = Hash[u32, u64](max_entries=4)
words = Array[u64](3)
mine = PerCpuArray[u64](1)
out = Array[i64](4)
level = Global[i32](0)
limit = Global[u32](0)


@syscall
def fields() -> None:
    if (flow := flows.get(1)) is not None:
        out[0] = atomic.fetch_add(flow.packets, 3)
        out[1] = atomic.exchange(flow.state, 9)
        out[2] = atomic.fetch_add(flow.low, 7)
        out[3] = flow.low
        atomic.fetch_add(flow.packets, 0)


@syscall
def bits() -> None:
    out[0] = atomic.fetch_or(words[0], 1)
    out[1] = atomic.fetch_and(words[1], 0b1100)
    words[2] |= 0b1111
    out[2] = atomic.fetch_xor(words[2], 0b1010)
    words[2] &= 0b0111
    words[2] ^= 0


@syscall
def arrays() -> None:
    out[0] = atomic.exchange(words[0], 0)
    out[1] = atomic.fetch_add(words[out[0] + 2], 1)
    out[2] = atomic.fetch_add(words[2], 2)
    out[3] = -1 if out[2] < 0 else atomic.exchange(words[1], 1)


@syscall
def hashes() -> None:
    out[0] = atomic.fetch_add(counts[1], 10)
    out[1] = atomic.fetch_add(counts[2], 1)
    out[2] = atomic.exchange(counts[3], 9)
    atomic.exchange(counts[3], 9)
    out[3] = counts.get(1, 0) - 4


@syscall
def compare() -> None:
    old = words[0]
    out[0] = atomic.compare_exchange(words[0], 5, 6)
    out[1] = words[0]
    out[2] = atomic.compare_exchange(words[0], old + 9, 1)
    out[3] = out[0] == 5


@syscall
def variables() -> None:
    out[0] = atomic.fetch_add(level.value, 5)
    out[1] = atomic.compare_exchange(limit.value, 7, 2**32 - 1)
    out[2] = limit.value
    out[3] = atomic.exchange(limit.value, 0) == 2**32 - 1


@syscall
def own() -> None:
    out[0] = atomic.fetch_add(mine[0], 7)
    out[1] = mine[0]
