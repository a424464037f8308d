from kring import Struct, helpers, syscall


@syscall
def parse() -> int:
    result = 0
    return helpers.strtol("12", 3, 10, result)
