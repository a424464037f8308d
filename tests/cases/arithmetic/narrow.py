"""Operands of 32 bits or less compute as i64: no overflow where C has one."""
# run: narrow(bytes_=[255, 255], halves=[-32768], words=[2**32 - 1]) -> out=[510, 65025, 0, 32768, 2**32, -1, 1, 1 << 40]
from kring import Array, i16, i64, syscall, u8, u32

bytes_ = Array[u8](2)
halves = Array[i16](1)
words = Array[u32](1)
out = Array[i64](8)


@syscall
def narrow() -> None:
    a = bytes_[0]
    b = bytes_[1]
    out[0] = a + b
    out[1] = a * b
    out[2] = a - b
    out[3] = -halves[0]
    out[4] = words[0] + 1
    out[5] = words[0] - 2**32
    out[6] = -words[0] // -words[0]
    out[7] = (words[0] + 1) << 8
