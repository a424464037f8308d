from kring import Array, ktime_ns, syscall, u64

given = Array[u64](4)


@syscall
def program() -> None:
    end = ktime_ns() + 1000
    while ktime_ns() < end:
        given[0] += 1
