from kring import Array, syscall, u64

given = Array[u64](4)


@syscall
def program() -> None:
    i = 0
    while i < 10_000_000:
        i += 2
    given[1] = i
