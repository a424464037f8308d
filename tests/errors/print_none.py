from kring import Hash, syscall, u32

counts = Hash[u32, u32](max_entries=8)


@syscall
def program() -> None:
    print(f"count {counts.get(1)}")
