"""Something called that is neither a function nor hashable."""
from kring import Array, i64, syscall

out = Array[i64](1)
table = [1, 2]


@syscall
def calls() -> None:
    out[0] = table()
