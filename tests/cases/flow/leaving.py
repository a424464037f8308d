"""Returning out of nested loops, with the value that was asked for."""
# run: find(given=[7]) -> value=7, out=[1, 3]
# run: find(given=[8]) -> value=8, out=[2, 0]
# run: find(given=[99]) -> value=0, out=[-1, 0]
from kring import Array, i64, syscall

given = Array[i64](1)
out = Array[i64](2)


@syscall
def find() -> int:
    wanted = given[0]
    for i in range(4):
        for j in range(4):
            if i * 4 + j == wanted:
                out[0] = i
                out[1] = j
                return wanted
    out[0] = -1
    return 0
