"""Comparisons of signed with unsigned are the mathematical ones."""
# run: compare(signed=[-1], unsigned=[MAX]) -> out=[1, 1, 0, 0, 0, 1, 0, 0, 1, 1]
# run: compare(signed=[5], unsigned=[5]) -> out=[0, 1, 0, 1, 1, 0, 0, 1, 0, 1]
# run: compare(signed=[6], unsigned=[5]) -> out=[0, 0, 1, 1, 0, 1, 1, 1, 0, 0]
# run: compare(signed=[-6], unsigned=[0]) -> out=[1, 1, 0, 0, 0, 1, 0, 0, 1, 1]
# run: compare(signed=[HIGH], unsigned=[HIGH + 1]) -> out=[1, 1, 0, 0, 0, 1, 0, 0, 1, 1]
# run: compare(signed=[-HIGH - 1], unsigned=[HIGH + 1]) -> out=[1, 1, 0, 0, 0, 1, 0, 0, 1, 1]
from kring import Array, i64, syscall, u64

MAX = 2**64 - 1
HIGH = 2**63 - 1
signed = Array[i64](1)
unsigned = Array[u64](1)
out = Array[u64](10)


@syscall
def compare() -> None:
    a = signed[0]
    b = unsigned[0]
    out[0] = a < b
    out[1] = a <= b
    out[2] = a > b
    out[3] = a >= b
    out[4] = a == b
    out[5] = a != b
    out[6] = b < a
    out[7] = b <= a
    if b > a:
        out[8] = 1
    out[9] = b >= a
