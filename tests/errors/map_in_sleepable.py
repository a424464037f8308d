from kring import Bloom, syscall, u64

seen = Bloom[u64](8)


@syscall
def program() -> None:
    seen.add(3)
