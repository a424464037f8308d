from kring import RingBuf, Struct, char, syscall


class Exec(Struct):
    filename: str = char(512)


events = RingBuf[Exec](4096)


@syscall
def program() -> None:
    with events.reserve() as e:
        name = e.filename
        e.filename = name
