"""A reserved record is a struct too: kept in a map, copied into a field, sent to another ring."""
# run: program() -> events=[Event(a=7, b=8)], others=[Event(a=7, b=9)], table={1: Event(a=7, b=8)}, wide=[Wide(inner=Event(a=7, b=9), c=3)]
from kring import Hash, RingBuf, Struct, syscall, u32, u64


class Event(Struct):
    a: u32
    b: u64


class Wide(Struct):
    c: u32
    inner: Event


events = RingBuf[Event](4096)
others = RingBuf[Event](4096)
wide = RingBuf[Wide](4096)
table = Hash[u32, Event](max_entries=4)


@syscall
def program() -> None:
    with events.reserve() as e:
        e.a = 7
        e.b = 8
        table[1] = e
        with others.reserve() as o:
            o.a = e.a
            o.b = 9
            with wide.reserve() as w:
                w.inner = o
                w.c = 3
