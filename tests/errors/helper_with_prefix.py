from kring import helpers, syscall


@syscall
def spin() -> int:
    return helpers.bpf_get_prandom_u32()
