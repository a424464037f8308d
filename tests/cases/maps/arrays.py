"""Arrays and per-CPU maps: entries exist, an index beyond the end reads 0 and stores nothing."""
# run: use(given=[5, 6], times=3) -> out=[5, 0, 3, 9, 2**32 - 3, 0], hits=[3, 30], each={7: 3}
from kring import Array, PerCpuArray, PerCpuHash, i64, syscall, u32, u64

given = Array[i64](2)
out = Array[u32](6)
hits = PerCpuArray[u64](2)
each = PerCpuHash[u32, u64](max_entries=2)


@syscall
def use() -> None:
    beyond = given[0] + 4
    out[0] = given[0]
    out[1] = given[beyond]
    out[beyond] = 1
    out[2] += 1
    out[3] += 3
    out[4] -= 1
    hits[0] += 1
    hits[1] = hits[1] + 10
    hits[beyond] += 1
    each[7] += 1
