"""Structs of every kind of field, in streams, maps and variables."""

from kring import (
    Global,
    Hash,
    RingBuf,
    Struct,
    array,
    be16,
    be32,
    bits,
    char,
    i8,
    i16,
    i32,
    i64,
    syscall,
    u8,
    u16,
    u32,
    u64,
)


class Point(Struct):
    x: i16
    y: i16


class Flags(Struct):
    low: u32 = bits(3)
    signed: i32 = bits(5)
    wide: u32 = bits(20)
    after: u8


class Key(Struct):
    cpu: u8
    cookie: u64


class Event(Struct):
    pid: u32
    type: u8
    func: u64
    comm: str = char(16)
    mac: bytes = array(6)
    counts: tuple[int, ...] = array(4, u32)
    where: Point
    line: tuple[Point, ...] = array(3, Point)
    flags: Flags
    port: be16
    address: be32
    match: i8
    fn: i64
    int: u16
    class_: u8


events = RingBuf[Event](4096)
places = Hash[Key, Point](max_entries=16)
limit = Global[Flags](Flags(low=1))
plain = Hash[u32, u64](max_entries=16)


@syscall
def program() -> None:
    places[Key(cpu=1, cookie=2)] = Point(x=1, y=2)
    plain[1] = 2
    with events.reserve() as e:
        e.pid = limit.value.low
