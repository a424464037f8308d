from kring import Hash, current, syscall, u32, u64

counts = Hash[u32, u64](max_entries=64)


@syscall
def program() -> int:
    if current.pid == 1:
        x = current.pidd
    elif current.uidd == 2:
        x = 1.5
    elif current.uid == 3:
        y = counts.gte(3)
    else:
        x = current.gidd
    return 0
