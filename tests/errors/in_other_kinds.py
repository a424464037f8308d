from kring import current, syscall

NAMES = ("bash", 7)


@syscall
def program() -> int:
    return 1 if current.comm in NAMES else 0
