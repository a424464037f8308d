from kring import cpu, syscall


@syscall
def program() -> None:
    width = cpu()
    print(f"{cpu():{width}}")
