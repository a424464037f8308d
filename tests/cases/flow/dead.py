"""What constants rule out is not compiled at all, so it need not even make sense."""
# run: dead() -> out=[1, 2, 0]
from kring import Array, i64, syscall

DEBUG = False
LIMIT = 0
out = Array[i64](3)


@syscall
def dead() -> None:
    if DEBUG:
        out["no such key"] = 5
    if not DEBUG or out:
        out[0] = 1
    if LIMIT and out > 3:
        out[2] = 1
    out[1] = 2
    return
    out[2] = 9
