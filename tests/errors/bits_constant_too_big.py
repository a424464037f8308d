from kring import Array, Struct, bits, i8, syscall


class Flags(Struct):
    low: i8 = bits(3)


flags = Array[Flags](1)


@syscall
def program() -> None:
    if (f := flags[0]) is not None:
        f.low = 4
