from kring import Array, syscall, u64

given = Array[u64](4)


@syscall
def program() -> None:
    n = given[0]
    total = 0
    while n > 0:
        total += 1
    given[1] = total
