"""A chain of comparisons with something else than numbers in it."""
from kring import Array, current, i64, syscall

out = Array[i64](1)


@syscall
def chain() -> None:
    if 0 < current.pid is None:
        out[0] = 1
