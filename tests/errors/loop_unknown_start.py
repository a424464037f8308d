from kring import Array, syscall, u64

given = Array[u64](4)


@syscall
def program() -> None:
    n = given[0] % 4_000_000_000
    total = 0
    while n > 0:
        total += n
        n -= 1
    given[1] = total
