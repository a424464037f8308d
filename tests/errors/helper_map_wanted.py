from kring import Struct, helpers, syscall, u32


class Key(Struct):
    a: u32


@syscall
def forget() -> int:
    return helpers.map_delete_elem(Key(a=1), 1)
