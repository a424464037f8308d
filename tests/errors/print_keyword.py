from kring import syscall


@syscall
def program() -> None:
    print("a", "b", sep=", ")
