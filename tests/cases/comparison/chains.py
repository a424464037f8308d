"""Chained comparisons evaluate each operand once and stop at the first that fails."""
# run: chain(given=[5]) -> out=[1, 0, 1, 1]
# run: chain(given=[0]) -> out=[0, 0, 0, 0]
# run: chain(given=[9]) -> out=[0, 1, 1, 1]
# run: chain(given=[-3]) -> out=[0, 0, 0, 0]
from kring import Array, i64, syscall

given = Array[i64](1)
out = Array[i64](4)


@syscall
def chain() -> None:
    x = given[0]
    out[0] = 0 < x < 9
    if 5 < x <= 9 != 10:
        out[1] = 1
    out[2] = 0 < (y := x) > 1 and y == x
    out[3] = not x <= 0
