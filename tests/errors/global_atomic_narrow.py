from kring import Global, syscall, u16
port = Global[u16](70)


@syscall
def program() -> None:
    port.value += 1
