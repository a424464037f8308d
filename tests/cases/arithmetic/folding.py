"""Constants fold to what run time gives."""
# run: folded() -> out=[-4, 1, -1, 0, -7, 1, -2, 1 << 10, 2**62, 6]
from kring import Array, i64, syscall

SEVEN = 7
out = Array[i64](10)


@syscall
def folded() -> None:
    minus = -2
    out[0] = SEVEN // minus
    out[1] = -SEVEN % 2
    out[2] = SEVEN % minus
    out[3] = SEVEN // 0
    out[4] = -SEVEN % 0
    out[5] = 1 << 64
    out[6] = -8 >> 66
    out[7] = 2**10
    out[8] = (0xFFFF_FFFF_FFFF_FFFF) // 4 + 1
    out[9] = True + 5
