"""try_reserve, submit, discard and output; what nobody assigned is zero."""
# run: explicit(how=[0]) -> events=[Event(b=5)], lost=0
# run: explicit(how=[1]) -> events=[], lost=0
# run: narrowed() -> events=[Event(a=3, b=1)], lost=0
# run: output(how=[4]) -> events=[Event(a=4, b=9), Event()], out=[1]
# run: fill() -> out=[170, 130], lost=130
# run: fill_output() -> out=[170, 130], lost=130
# run: fill_with() -> out=[170, 130], lost=130
# run: uncounted() -> out=[170, 130], lost=0
from kring import Array, RingBuf, Struct, i64, syscall, u8, u32


class Event(Struct):
    a: u8
    b: u32
    c: u32


how = Array[i64](1)
out = Array[i64](2)
events = RingBuf[Event](4096)
plain = RingBuf[Event](4096, count_drops=False)


@syscall
def explicit() -> None:
    e = events.try_reserve()
    if e is None:
        return
    if how[0]:
        events.discard(e)
    else:
        e.b = 5
        events.submit(e)


@syscall
def narrowed() -> None:
    if (e := events.try_reserve()) is not None:
        e.a = 3
        e.b += 1
        events.submit(e)


@syscall
def output() -> None:
    out[0] = events.output(Event(a=how[0], b=9))
    nothing = Event()
    events.output(nothing)


@syscall
def fill() -> None:
    for _ in range(300):
        if (e := events.try_reserve()) is not None:
            events.submit(e)
            out[0] += 1
        else:
            out[1] += 1


@syscall
def fill_output() -> None:
    for i in range(300):
        if events.output(Event(b=i)):
            out[0] += 1
        else:
            out[1] += 1


@syscall
def fill_with() -> None:
    out[1] = 300
    for _ in range(300):
        with events.reserve():
            out[0] += 1
            out[1] -= 1


@syscall
def uncounted() -> None:
    for _ in range(300):
        if not plain.output(Event()):
            out[1] += 1
        else:
            out[0] += 1
