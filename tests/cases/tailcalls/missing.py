"""Tail calls to places without a program: what follows is done."""

# run: jump(given=[3]) -> out=[1, 2], value=7
from kring import Array, ProgArray, i64, raw_tracepoint

jumps = ProgArray(4)
given = Array[i64](1)
out = Array[i64](2)


def go(i: int) -> None:
    jumps.tail_call(i)
    out[1] = 2


@raw_tracepoint("sched_switch")
def jump() -> int:
    out[0] = 1
    jumps.tail_call(0)
    go(given[0])
    return 7
