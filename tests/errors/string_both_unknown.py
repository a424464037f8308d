from kring import Array, syscall, u64, user_str

at = Array[u64](2)


@syscall
def program() -> int:
    return user_str(at[0]) == user_str(at[1])
