"""Every operator on signed operands, as Python has it."""
# run: every(given=[7, 2]) -> out=[9, 5, 14, 3, 1, 2, 7, 5, 28, 1, -7, -8, 7]
# run: every(given=[-7, 2]) -> out=[-5, -9, -14, -4, 1, 0, -5, -5, -28, -2, 7, 6, -7]
# run: every(given=[7, -2]) -> out=[5, 9, -14, -4, -1, 6, -1, -7, -1 << 62, 0, -7, -8, 7]
# run: every(given=[-7, -2]) -> out=[-9, -5, 14, 3, -1, -8, -1, 7, 1 << 62, -1, 7, 6, -7]
# run: every(given=[6, 3]) -> out=[9, 3, 18, 2, 0, 2, 7, 5, 48, 0, -6, -7, 6]
# run: every(given=[-6, 3]) -> out=[-3, -9, -18, -2, 0, 2, -5, -7, -48, -1, 6, 5, -6]
from kring import Array, i64, syscall

given = Array[i64](2)
out = Array[i64](13)


@syscall
def every() -> None:
    a = given[0]
    b = given[1]
    out[0] = a + b
    out[1] = a - b
    out[2] = a * b
    out[3] = a // b
    out[4] = a % b
    out[5] = a & b
    out[6] = a | b
    out[7] = a ^ b
    out[8] = a << b
    out[9] = a >> b
    out[10] = -a
    out[11] = ~a
    out[12] = +a
