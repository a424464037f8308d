"""Leaving a `with …reserve()` block of a perf buffer by every way there is; of large records, too."""
# run: leave(how=[0]) -> events=[Event(a=1, b=2), Event(a=99)], value=5, lost=0
# run: leave(how=[1]) -> events=[Event(a=1)], value=7
# run: leave(how=[2]) -> events=[Event(a=99)], value=5
# run: leave(how=[3]) -> events=[], value=0
# run: leave(how=[4]) -> events=[Event(a=1, b=2), Event(a=99)], value=5
# run: loops() -> events=[Event(a=0), Event(a=1), Event(a=3, c=1)]
# run: two(how=[0]) -> events=[Event(a=1), Event()], others=[Event(a=1, b=9)], lost=0
# run: two(how=[1]) -> events=[Event(a=1)], others=[Event(a=1, b=9)], lost=0
# run: two(how=[2]) -> events=[Event()], others=[], value=1, lost=0
# run: two(how=[3]) -> events=[], others=[], value=0
# run: large() -> wide=[Wide(a=1, text="abc", data=bytes([5]) + bytes(999)), Wide(a=2)], lost=0
# run: full() -> value=3, lost=2
from kring import (
    Array, Discard, PerfBuf, Struct, array, char, i64, raw_tracepoint, u8, u16, u32, u64,
)  # fmt: skip


class Event(Struct):
    a: u8
    b: u32
    c: u16
    d: u64


class Wide(Struct):
    a: u32
    text: str = char(16)
    data: bytes = array(1000)


how = Array[i64](1)
events = PerfBuf[Event](4096)
others = PerfBuf[Event](4096)
wide = PerfBuf[Wide](8192)
narrow = PerfBuf[Wide](4096)


@raw_tracepoint("sched_switch")
def leave() -> int:
    way = how[0]
    with events.reserve() as e:
        e.a = 1
        if way == 1:
            return 7
        if way == 2:
            raise Discard
        assert way != 3
        e.b = 2
    with events.reserve() as e:
        e.a = 99
    return 5


@raw_tracepoint("sched_switch")
def loops() -> None:
    for i in range(5):
        with events.reserve() as e:
            e.a = i
            if i < 2:
                continue
            if i == 2:
                raise Discard()
            e.c = 1
            if i == 3:
                break
            e.d = 7


@raw_tracepoint("sched_switch")
def two() -> int:
    way = how[0]
    with events.reserve() as e:
        with others.reserve() as o:
            o.a = 1
            e.a = 1
            if way == 2:
                raise Discard
            o.b = 9
            assert way < 3
        if way == 2:
            raise Discard
    if way == 1:
        return 0
    with events.reserve():
        return 1
    return 2


@raw_tracepoint("sched_switch")
def large() -> None:
    with wide.reserve() as w:
        w.a = 1
        w.text = "abc"
        w.data[0] = 5
    with wide.reserve() as w:
        w.a = 2


@raw_tracepoint("sched_switch")
def full() -> int:
    for i in range(5):
        with narrow.reserve() as w:
            w.a = i
    return 3
