"""The arguments of a raw tracepoint: cut to their types, unused ones left out."""
# run: numbers(ctx=b"".join(n.to_bytes(8, "little") for n in (0x1FF, 0xFFFF_FFFF, 0xFFFF_FFFF, 2**64 - 1))) -> out=[255, 2**64 - 1, 0xFFFF_FFFF, 2**64 - 1]
# run: some(ctx=b"".join(n.to_bytes(8, "little") for n in (1, 2, 0x8000, 4))) -> out=[2**64 - 0x8000]
# run: changed(ctx=(300).to_bytes(8, "little") * 4) -> out=[44, 45, 301]
from kring import Array, i16, i32, raw_tracepoint, u8, u32, u64

out = Array[u64](4)


@raw_tracepoint("sched_switch")
def numbers(a: u8, b: i32, c: u32, d: u64) -> None:
    out[0] = a
    out[1] = b
    out[2] = c
    out[3] = d


@raw_tracepoint("sched_switch")
def some(a: u64, b: u64, c: i16) -> None:
    out[0] = c


@raw_tracepoint("sched_switch")
def changed(a: u8, b: u64) -> None:
    out[0] = a
    a += 1
    b += 1
    out[1] = a
    out[2] = b
