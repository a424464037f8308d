"""Loops to the end of what the kernel counts, which is 8,388,608 rounds."""

# engines: kernel
# run: total(given=[100000, 3]) -> out=[4999950000, 33334, 0, 100000]
# run: total(given=[1 << 33, -7]) -> out=[8388608 * 8388607 // 2, 2796203, 0, 1 << 33]
# run: steps(given=[9223372036854775807, -9223372036854775808]) -> out=[8388608]
from kring import Array, i64, syscall


given = Array[i64](2)
out = Array[i64](4)


@syscall
def total() -> None:
    n = given[0]
    x = 0
    threes = 0
    for i in range(n):
        x += i
        if i % 3 == 0:
            threes += 1
    out[0] = x
    out[1] = threes
    out[3] = n


@syscall
def steps() -> None:
    first = given[0]
    stop = given[1]
    rounds = 0
    highest = -1 << 62
    lowest = 0
    for i in range(first, stop, -1):
        rounds += 1
        if i > highest:
            highest = i
        if i < lowest:
            lowest = i
    out[0] = rounds
    if rounds > 0 and rounds < 8388608:
        out[1] = highest
        out[2] = lowest
