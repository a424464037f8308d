from kring import Array, Struct, char, helpers, syscall, u64


class Line(Struct):
    text: str = char(16)


class Values(Struct):
    a: u64
    b: u64


lines = Array[Line](1)


@syscall
def show() -> int:
    line = Line()
    values = Values(a=1, b=2)
    return helpers.strncmp(line.text, 16, line.text)
