from kring import current, syscall


def who(n: int) -> int:
    return current.user + n


@syscall
def first() -> int:
    return who(1)


@syscall
def second() -> int:
    x = who(2)
    return x + who(3)
