from kring import helpers, syscall


@syscall
def spin() -> int:
    return helpers.get_pseudorandom_u32()
