from kring import current, syscall


@syscall
def program() -> None:
    print(f"{current.comm:^16}")
