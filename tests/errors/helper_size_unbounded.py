from kring import Array, Struct, char, helpers, syscall, u32

sizes = Array[u32](1)


class Line(Struct):
    text: str = char(16)


@syscall
def name() -> int:
    line = Line(text="")
    return helpers.probe_read_kernel(line, sizes[0], 0)
