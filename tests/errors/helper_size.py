from kring import Struct, char, helpers, syscall


class Line(Struct):
    text: str = char(16)


@syscall
def name() -> int:
    line = Line(text="")
    return helpers.get_current_comm(line, 32)
