from kring import cpu, syscall


@syscall
def program() -> None:
    n = cpu()
    print(n, n, n, n, n, n, n, n, n, n, n, n, n)
