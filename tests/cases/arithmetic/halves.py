"""Sums that only their low half is wanted of: the high half is cleared whatever is added."""
# run: sums(given=[-1, 5]) -> out=[0xffffffff, 0xffffffff, 4, 0xfffffff9]
# run: sums(given=[1 << 40, 5]) -> out=[0, 0, 5, 0xfffffffa]
from kring import Array, i16, i64, syscall, u32, u64

given = Array[i64](2)
out = Array[u64](4)
zeros = Array[i16](1)


@syscall
def sums() -> None:
    d: i16 = given[0]
    c: u32 = given[1]
    out[0] = zeros[0] | (c := (d - 4294967296))
    out[1] = c
    c = given[1] + d * 1
    out[2] = c
    c = -(given[1] + 1 - d + 4294967296 * 3)
    out[3] = c
