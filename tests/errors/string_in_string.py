from kring import current, syscall


@syscall
def program() -> int:
    return "sh" in current.comm
