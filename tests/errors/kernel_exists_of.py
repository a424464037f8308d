from kring import Struct, exists, syscall, u32


class Mine(Struct):
    field: u32


@syscall
def look() -> int:
    return exists(Mine)
