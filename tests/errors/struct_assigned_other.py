from kring import Array, Struct, array, i16, syscall, u8, u32


class Point(Struct):
    x: u8
    y: i16


class Table(Struct):
    n: list[int] = array(5, u32)
    p: list[Point] = array(2, Point)
    b: bytes = array(6)


tables = Array[Table](1)
at = Array[u32](1)


@syscall
def program() -> int:
    if (t := tables[0]) is None:
        return 0
    t.p[0] = t
    return 0
