from kring import Array, syscall, u64

given = Array[u64](4)


@syscall
def program() -> None:
    n = 0
    while True:
        n += 1
        given[0] = n
