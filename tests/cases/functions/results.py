"""What functions return: None or an integer, structs by reference, what a lookup gave."""
# run: maybe(given=[4]) -> out=[40, 0, 4, 1], value=1
# run: maybe(given=[7]) -> out=[-1, 9, 0, 1], value=2
# run: structs(given=[3]) -> table={3: Pair(a=6, b=1), 4: Pair(b=1)}, out=[6, 3, 13, 3], value=0
# run: structs(given=[3], table={3: Pair(a=5)}) -> table={3: Pair(a=10, b=1), 4: Pair(b=1)}, out=[10]
# run: unsigned(given=[-1]) -> out=[1, 0, 1, 0]
from kring import Array, Hash, Struct, i64, syscall, u32, u64


class Pair(Struct):
    a: u32
    b: u32


given = Array[i64](1)
out = Array[i64](4)
table = Hash[u32, Pair](max_entries=8)


def tenfold(x: int) -> int | None:
    if x == 7:
        return None
    return x * 10


def even(x: int) -> int | None:
    if x % 2 == 0:
        return x


def of_table(key: u32) -> Pair | None:
    if table.get(key) is None:
        table[key] = Pair(a=key)
    return table.get(key)


def grow(pair: Pair, factor: int = 1) -> None:
    pair.a = pair.a * factor
    pair.b += 1


def made(a: int) -> Pair:
    return Pair(a=a, b=10)


def total(pair: Pair) -> int:
    return pair.a + pair.b


def same(pair: Pair) -> Pair:
    return pair


@syscall
def maybe() -> int:
    x = given[0]
    ten = tenfold(x)
    out[0] = -1 if ten is None else ten
    if (found := tenfold(x)) is None:
        out[1] = 9
    if (found := even(x)) is not None:
        out[2] = found
    out[3] = 1
    if even(x) is None:
        return 2
    return 1


@syscall
def structs() -> None:
    x = given[0]
    if (pair := of_table(x)) is not None:
        grow(pair, factor=2)
        out[0] = same(pair).a
    if (pair := of_table(4)) is not None:
        grow(pair, 0)
    own = made(x)
    out[1] = own.a
    out[2] = total(own)
    out[3] = total(made(x)) - 10


def as_unsigned(x: u64) -> bool:
    return x > 0


def larger(x: int) -> u64:
    return x


def either(x: int) -> int:
    if x == 5:
        return x
    return larger(x)


@syscall
def unsigned() -> None:
    x = given[0]
    out[0] = as_unsigned(x)
    out[1] = x > 0
    out[2] = larger(x) > 5
    out[3] = either(x) < 0
