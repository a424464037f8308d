"""An annotated variable holds what its type can hold, from then on."""
# run: locals_(given=[300]) -> out=[44, 44, 300, 300, 45, 4]
# run: locals_(given=[-1]) -> out=[255, -1, 2**32 - 1, -1, 0, 4]
# run: locals_(given=[2**40 + 129]) -> out=[129, -127, 129, 129, 130, 4]
from kring import Array, i8, i32, i64, syscall, u8, u32

given = Array[i64](1)
out = Array[i64](6)


@syscall
def locals_() -> None:
    x = given[0]
    a: u8 = x
    b: i8 = x
    c: u32 = x
    d: i32 = x
    out[0] = a
    out[1] = b
    out[2] = c
    out[3] = d
    a += 1
    out[4] = a
    n: u8 = 250
    for _ in range(10):
        n = n + 1
    out[5] = n
