"""`match` on integers: literals, named constants, alternatives, guards and captures."""
# run: program(given=[1]) -> out=[10, 1], value=0
# run: program(given=[2]) -> out=[20, 1], value=0
# run: program(given=[-3]) -> out=[20, 1], value=0
# run: program(given=[7]) -> out=[70, 1], value=0
# run: program(given=[50]) -> out=[50, 1], value=0
# run: program(given=[4]) -> out=[104, 1], value=0
# run: program(given=[9]) -> out=[0, 1], value=9
# run: loop() -> out=[6, 5]
from enum import IntEnum

from kring import Array, i64, syscall

given = Array[i64](1)
out = Array[i64](2)


class Color(IntEnum):
    RED = 7
    BLUE = 9


def once() -> int:
    out[1] += 1
    return given[0]


@syscall
def program() -> int:
    match once():
        case 1:
            out[0] = 10
        case 2 | -3:
            out[0] = 20
        case Color.RED:
            out[0] = 70
        case x if x > 40:
            out[0] = x
        case Color.BLUE as found:
            return found
        case _:
            out[0] = 100 + given[0]
    return 0


@syscall
def loop() -> None:
    total = 0
    n = last = 0
    for i in range(6):
        match i:
            case 0 | 4:
                continue
            case n if n < 4:
                total += n
        last = i
        match i:
            case 5:
                break
    out[0] = total
    out[1] = last
