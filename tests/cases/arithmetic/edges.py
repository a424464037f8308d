"""Zero divisors, the smallest integer, masked shift counts."""
# run: divide(given=[7, 0]) -> out=[0, 7]
# run: divide(given=[-7, 0]) -> out=[0, -7]
# run: divide(given=[LOW, -1]) -> out=[LOW, 0]
# run: divide(given=[LOW, 0]) -> out=[0, LOW]
# run: divide(given=[LOW, 2]) -> out=[LOW // 2, 0]
# run: divide(given=[LOW, 3]) -> out=[LOW // 3, LOW % 3]
# run: divide(given=[1, LOW]) -> out=[-1, 1 + LOW]
# run: divide(given=[LOW, LOW]) -> out=[1, 0]
# run: wrap(given=[HIGH, 1]) -> out=[LOW, HIGH - 1, HIGH, -2]
# run: wrap(given=[LOW, 1]) -> out=[LOW + 1, HIGH, LOW, 0]
# run: shift(given=[1, 63]) -> out=[LOW, 0]
# run: shift(given=[1, 64]) -> out=[1, 1]
# run: shift(given=[1, 65]) -> out=[2, 0]
# run: shift(given=[-8, -1]) -> out=[0, -1]
# run: shift(given=[-8, 66]) -> out=[-32, -2]
from kring import Array, i64, syscall

LOW = -(2**63)
HIGH = 2**63 - 1
given = Array[i64](2)
out = Array[i64](4)


@syscall
def divide() -> None:
    out[0] = given[0] // given[1]
    out[1] = given[0] % given[1]


@syscall
def wrap() -> None:
    a = given[0]
    out[0] = a + given[1]
    out[1] = a - given[1]
    out[2] = a * given[1]
    out[3] = a * 2


@syscall
def shift() -> None:
    out[0] = given[0] << given[1]
    out[1] = given[0] >> given[1]
