from kring import Array, Struct, bits, syscall, u32


class Flags(Struct):
    low: u32 = bits(3)


flags = Array[Flags](1)


@syscall
def program() -> None:
    if (f := flags[0]) is not None:
        f.low += 1
