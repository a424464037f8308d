"""A loop over a range: one block to test, one to add."""
# run: total(given=[10]) -> out=[45]
from kring import Array, i64, syscall

given = Array[i64](1)
out = Array[i64](1)


@syscall
def total() -> None:
    t = 0
    for i in range(given[0] & 255):
        t += i
    out[0] = t
