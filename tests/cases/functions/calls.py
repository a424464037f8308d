"""Calls of plain functions: arguments by position and by name, defaults, returns, nesting."""
# run: program(given=[5, -3]) -> out=[10, 7, 11, 1, -1, 12, 55, 105, 5, 253, 4, 1, 8, 10, 20]
# run: program(given=[0, 300]) -> out=[0, 2, 6, 0, 1, 11, 0, 100, 0, 44, 7, 1, 8, 0, 0]
from collections.abc import Callable

from kring import Array, i64, syscall, u8, u32

given = Array[i64](2)
out = Array[i64](15)
OFFSET = 2


def double(x: int) -> int:
    return x * 2


def shifted(x: int, by: int = OFFSET, /, *, times: int = 1) -> int:
    x += by * times
    return x


def sign(x: int) -> int:
    if x > 0:
        return 1
    elif x < 0:
        return -1
    return 0


def first(limit: int) -> int:
    for i in range(1, 5):
        for j in range(1, 5):
            if i * j > limit:
                return i * 10 + j
    return -1


def squares(n: int) -> int:
    total = 0
    while True:
        if n <= 0:
            return total
        total += n * n
        n -= 1


def adder(n: int) -> Callable[[int], int]:
    def add(x: int) -> int:
        return x + n

    return add


add_hundred = adder(100)


def narrow(x: u8) -> int:
    return x


def promises(x: int) -> u8:
    return x


def quoted(x: "u32") -> "u8":
    y: u32 = x - 1
    return y & 7


def mark(index: int) -> None:
    out[index] = 1


def twice(x: int) -> int:
    x = double(x) if x else double(x=x)
    return x + double(x)


@syscall
def program() -> None:
    x = given[0]
    y = given[1]
    out[0] = double(x)
    out[1] = shifted(x)
    out[2] = shifted(x, times=3)
    out[3] = sign(x)
    out[4] = sign(y)
    out[5] = first(x % 4)
    out[6] = squares(x & 7)
    out[7] = add_hundred(x)
    out[8] = narrow(x)
    out[9] = promises(y)
    out[10] = quoted(x)
    mark(11)
    out[12] = double(shifted(1, 3)) if x >= 0 else first(3)
    out[13] = double(x) and double(x)
    out[14] = twice(x) - (x and double(x))
