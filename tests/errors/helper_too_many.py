from kring import helpers, syscall


@syscall
def dice() -> int:
    return helpers.get_prandom_u32(6)
