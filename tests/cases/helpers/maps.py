"""Helpers of maps by name, with keys and values as the declarations have them."""

from kring import Array, Hash, Struct, helpers, syscall, u32, u64


class Pair(Struct):
    a: u32
    b: u32


counts = Hash[u32, u64](max_entries=2)
pairs = Hash[Pair, Pair](max_entries=4)
out = Array[u64](6)


# run: change(counts={7: 70}) -> counts={7: 71, 8: 5}, out=[70, 0, 2**64 - 7, 2**64 - 2, 0], value=0
@syscall
def change() -> int:
    found = helpers.map_lookup_elem(counts, 7)
    if found is not None:
        out[0] = found
        out[1] = helpers.map_update_elem(counts, 7, found + 1, 0)
    helpers.map_update_elem(counts, 8, 5, 0)
    out[2] = helpers.map_update_elem(counts, 9, 5, 0)
    out[3] = helpers.map_delete_elem(counts, 10)
    return 0


# run: structs(pairs={Pair(a=1, b=2): Pair(a=3, b=4)}) -> pairs={Pair(a=1, b=2): Pair(a=3, b=9)}, out=[4, 1], value=0
@syscall
def structs() -> int:
    key = Pair(a=1, b=2)
    if (found := helpers.map_lookup_elem(pairs, key)) is not None:
        out[0] = found.b
        found.b = 9
    out[1] = helpers.map_lookup_elem(pairs, Pair(a=2, b=2)) is None
    return 0
