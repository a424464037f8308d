"""Keys and values made for one use share the stack, those still needed keep their place."""

# run: rounds() -> by={0: 6, 1: 9, 2: 12, 3: 15}, out=[42, 4, 10]
# run: kept(given=[1]) -> pairs={7: 1, 8: 2}, out=[17, 1, 2]
# run: kept(given=[0]) -> pairs={7: 1, 8: 4}, out=[0, 1, 4]
from kring import Array, Hash, Struct, i64, syscall, u32, u64


class Pair(Struct):
    a: u32
    b: u32


by = Hash[u32, u64](max_entries=16)
pairs = Hash[u32, u64](max_entries=16)
seen = Hash[Pair, u64](max_entries=16)
given = Array[i64](1)
out = Array[i64](3)


@syscall
def rounds() -> None:
    key = Pair(a=1, b=2)
    for i in range(4):
        by[i] = i
        seen[key] = i
        by[i] += 2 * i
        seen[Pair(a=i, b=9)] = by.get(i, 0)
        by[i] = by.get(i, 0) + 6
    total = 0
    for i in range(4):
        total += by.get(i, 0)
    out[0] = total
    out[1] = seen.get(key, 0) + 1
    out[2] = seen.get(Pair(a=3, b=9), 0) + 1


@syscall
def kept() -> None:
    pair = Pair(a=8, b=9)
    pairs[7] = 1
    pairs[8] = 2
    if given[0]:
        by[1] = 3
        seen[pair] = 4
        out[0] = pair.a + pair.b
    else:
        pair.a = 4
        pairs[pair.a + 4] = pair.a
    out[1] = pairs.get(7, 0)
    out[2] = pairs.get(8, 0)
