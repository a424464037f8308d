from kring import Array, Struct, array, syscall, u8


class Point(Struct):
    x: u8


class Line(Struct):
    ends: tuple[Point, ...] = array(2, Point)


lines = Array[Line](2)


@syscall
def program() -> int:
    if (a := lines[0]) is None or (b := lines[1]) is None:
        return 0
    return a == b
