from kring import current, syscall


@syscall
def program() -> int:
    return current.comm < "m"
