from kring import Array, syscall, u64

given = Array[u64](1)
MANY = tuple(range(0, 1000, 7))


@syscall
def program() -> int:
    return given[0] in MANY
