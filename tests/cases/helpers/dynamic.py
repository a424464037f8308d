"""Dynamic pointers: memory of an array, read and written through one."""

# engines: kernel

from kring import Array, Struct, helpers, sizeof, syscall, u32, u64


class bpf_dynptr(Struct):
    a: u64
    b: u64


class Words(Struct):
    a: u32
    b: u32
    c: u32
    d: u32


class Pair(Struct):
    a: u32
    b: u32


words = Array[Words](1)
out = Array[u64](5)


# run: move(words=[Words(a=1, b=2, c=3, d=4)]) -> words=[Words(a=1, b=2, c=2, d=3)], out=[0, 0, 2, 0, 2**64 - 7], value=0
@syscall
def move() -> int:
    at = bpf_dynptr()
    pair = Pair()
    entry = words.get(0)
    if entry is not None:
        out[0] = helpers.dynptr_from_mem(entry, sizeof(Words), 0, at)
        out[1] = helpers.dynptr_read(pair, sizeof(Pair), at, 4, 0)
        out[2] = pair.a
        out[3] = helpers.dynptr_write(at, 8, pair, sizeof(Pair), 0)
        out[4] = helpers.dynptr_read(pair, sizeof(Pair), at, 12, 0)
    return 0
