from kring import Struct, syscall, u32


class Point(Struct):
    x: u32


@syscall
def program() -> None:
    p = Point(x=1)
    print("at", p)
