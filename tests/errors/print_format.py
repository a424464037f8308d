from kring import cpu, syscall


@syscall
def program() -> None:
    print(f"on {cpu():,}")
