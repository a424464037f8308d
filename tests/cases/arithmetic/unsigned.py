"""u64 with anything is u64 and wraps; `>>` of it brings in zeros."""
# run: every(given=[5], signed=[7]) -> out=[12, MAX - 1, 35, 0, 5, 5 << 7, 0, MAX - 4, MAX - 5]
# run: every(given=[MAX], signed=[2]) -> out=[1, MAX - 2, MAX - 1, MAX // 2, 1, MAX - 3, MAX >> 2, 1, 0]
# run: every(given=[6], signed=[-2]) -> out=[4, 8, MAX - 11, 0, 6, 1 << 63, 0, MAX - 5, MAX - 6]
from kring import Array, i64, syscall, u64

MAX = 2**64 - 1
given = Array[u64](1)
signed = Array[i64](1)
out = Array[u64](9)


@syscall
def every() -> None:
    a = given[0]
    b = signed[0]
    out[0] = a + b
    out[1] = a - b
    out[2] = a * b
    out[3] = a // b
    out[4] = a % b
    out[5] = a << b
    out[6] = a >> b
    out[7] = -a
    out[8] = ~a
