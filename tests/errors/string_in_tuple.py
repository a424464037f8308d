from kring import current, syscall


@syscall
def program() -> int:
    if current.comm in ("bash", "zsh"):
        return 1
    return 0
