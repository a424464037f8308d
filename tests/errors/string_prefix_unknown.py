from kring import Array, Struct, char, current, syscall


class Text(Struct):
    s: str = char(8)


texts = Array[Text](1)


@syscall
def program() -> int:
    if (t := texts[0]) is not None and current.comm.startswith(t.s):
        return 1
    return 0
