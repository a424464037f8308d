from kring import Hash, Struct, syscall, u32, u64


class Key(Struct):
    a: u64
    b: u64
    c: u64
    d: u64
    e: u64
    f: u64
    g: u64
    h: u64
    i: u64
    j: u64
    k: u64
    l: u64
    m: u64
    n: u64
    o: u64
    p: u64


one = Hash[Key, u32](max_entries=8)
two = Hash[Key, u32](max_entries=8)


def count(a: int, b: int) -> None:
    key = Key(a=a, b=b, c=a + b, d=a - b)
    other = Key(a=b, b=a, c=a * b, d=a ^ b)
    one[key] += 1
    two[other] += 1


@syscall
def program() -> None:
    key = Key(a=1)
    other = Key(a=2)
    one[key] += 1
    two[other] += 1
    count(1, 2)
    count(2, 3)
    count(3, 4)
    count(4, 5)
    key.b = 3
    other.b = 3
    one[key] += 1
    two[other] += 1
