"""Fields of every width, signed and unsigned, network order, bit fields, nested structs."""
# run: copy(given=[Wide(a=255, b=-1, c=65535, d=-2, e=2**32 - 1, f=-3, g=2**64 - 1, h=-4)]) -> out=[255, -1, 65535, -2, 2**32 - 1, -3, -1, -4], kept=[Wide(a=255, b=-1, c=65535, d=-2, e=2**32 - 1, f=-3, g=2**64 - 1, h=-4)]
# run: cut(given=[Wide(h=0x1234_5678_9ABC_DEF0)]) -> kept=[Wide(a=0xF0, b=-0x10, c=0xDEF0, d=0xDEF0 - 0x10000, e=0x9ABC_DEF0, f=0x9ABC_DEF0 - 2**32, g=0x1234_5678_9ABC_DEF0, h=0x1234_5678_9ABC_DEF0)]
# run: network(wire=[Wire(port=443, addr=0x0A00_0001, id=2**63 + 5)]) -> out=[443, 0x0A00_0001, 5, 1, 0x01BB], wire=[Wire(port=0x1234, addr=0x5678_9ABC, id=7)]
# run: bit_fields(head=[Head(version=4, ihl=15, flags=5, offset=-1, rest=9)]) -> out=[4, 15, 5, -1, 9], head=[Head(version=6, ihl=5, flags=2, offset=-3, rest=9)]
# run: nested(pairs=[Pair(left=Point(x=1, y=-2), right=Point(x=3, y=-4))]) -> out=[-2, 3], pairs=[Pair(left=Point(x=3, y=-4), right=Point(x=30, y=-2))]
from kring import Array, Struct, be16, be32, be64, bits, i8, i16, i32, i64, syscall, u8, u16, u32, u64


class Wide(Struct):
    a: u8
    b: i8
    c: u16
    d: i16
    e: u32
    f: i32
    g: u64
    h: i64


class Wire(Struct):
    port: be16
    addr: be32
    id: be64


class Head(Struct):
    version: u8 = bits(4)
    ihl: u8 = bits(4)
    flags: u16 = bits(3)
    offset: i16 = bits(13)
    rest: u8


class Point(Struct):
    x: i32
    y: i32


class Pair(Struct):
    left: Point
    right: Point


given = Array[Wide](1)
kept = Array[Wide](1)
wire = Array[Wire](1)
head = Array[Head](1)
pairs = Array[Pair](1)
out = Array[i64](8)


@syscall
def copy() -> None:
    if (w := given[0]) is None:
        return
    out[0] = w.a
    out[1] = w.b
    out[2] = w.c
    out[3] = w.d
    out[4] = w.e
    out[5] = w.f
    out[6] = w.g
    out[7] = w.h
    kept[0] = w


@syscall
def cut() -> None:
    if (w := given[0]) is None:
        return
    x = w.h
    kept[0] = Wide(a=x, b=x, c=x, d=x, e=x, f=x, g=x, h=x)


@syscall
def network() -> None:
    if (w := wire[0]) is None:
        return
    out[0] = w.port
    out[1] = w.addr
    out[2] = w.id - 2**63
    out[3] = w.id > 2**63
    port: be16 = w.port
    out[4] = port
    w.port = 0x1234
    w.addr = 0x5678_9ABC
    w.id = 7


@syscall
def bit_fields() -> None:
    if (h := head[0]) is None:
        return
    out[0] = h.version
    out[1] = h.ihl
    out[2] = h.flags
    out[3] = h.offset
    out[4] = h.rest
    h.version = h.version + 18
    h.ihl = 5
    h.flags = h.flags + 5
    h.offset = h.offset * 3


@syscall
def nested() -> None:
    if (p := pairs[0]) is None:
        return
    out[0] = p.left.y
    out[1] = p.right.x
    swap = p.left
    y = swap.y
    p.left = p.right
    p.right.x *= 10
    p.right.y = y
