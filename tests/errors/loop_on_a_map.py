from kring import Array, syscall, u64

given = Array[u64](4)


@syscall
def program() -> None:
    while given[1] < 100:
        given[1] += 1
