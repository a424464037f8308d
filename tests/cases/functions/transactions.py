"""Records and functions: blocks inside a called function, and calls inside a block."""
# run: inside(how=[0]) -> events=[Event(a=1, b=2), Event(a=9)], value=15, lost=0
# run: inside(how=[1]) -> events=[Event(a=1), Event(a=9)], value=17
# run: inside(how=[2]) -> events=[Event(a=9)], value=15
# run: inside(how=[3]) -> events=[], value=0
# run: around(how=[0]) -> events=[Event(a=7, b=3), Event(a=9)], value=1
# run: around(how=[1]) -> events=[Event(a=9)], value=1
# run: around(how=[2]) -> events=[], value=0
# run: around(how=[3]) -> events=[Event(a=7)], value=5
# run: both(how=[0]) -> events=[Event(a=1), Event(a=2)], value=1
# run: both(how=[1]) -> events=[], value=0
# run: both(how=[2]) -> events=[Event(a=1)], value=1
# run: explicit(how=[0]) -> events=[Event(a=4)], value=1
# run: explicit(how=[1]) -> events=[], value=1
# run: full() -> events=[Event(a=0), Event(a=1), Event(a=2)], lost=0
from kring import Array, Discard, RingBuf, Struct, i64, syscall, u8, u32


class Event(Struct):
    a: u8
    b: u32


how = Array[i64](1)
events = RingBuf[Event](4096)


def send(way: int) -> int:
    with events.reserve() as e:
        e.a = 1
        if way == 1:
            return 7
        if way == 2:
            raise Discard
        assert way != 3
        e.b = 2
    return 5


@syscall
def inside() -> int:
    found = send(how[0])
    with events.reserve() as e:
        e.a = 9
    return found + 10


def fill(e: Event, way: int) -> bool:
    e.a = 7
    check(way)
    if way == 3:
        return False
    e.b = 3
    return True


def check(way: int) -> None:
    if way == 1:
        raise Discard
    assert way != 2


@syscall
def around() -> int:
    way = how[0]
    with events.reserve() as e:
        if not fill(e, way):
            return 5
    with events.reserve() as e:
        e.a = 9
    return 1


def second(way: int) -> None:
    with events.reserve() as e:
        e.a = 2
        if way == 2:
            raise Discard
        assert way == 0


@syscall
def both() -> int:
    with events.reserve() as e:
        e.a = 1
        second(how[0])
    return 1


def end(e: Event, keep: bool) -> None:
    if keep:
        events.submit(e)
    else:
        events.discard(e)


@syscall
def explicit() -> int:
    e = events.try_reserve()
    if e is None:
        return 0
    e.a = 4
    end(e, how[0] == 0)
    return 1


def numbered(i: int) -> None:
    with events.reserve() as e:
        e.a = i


@syscall
def full() -> None:
    for i in range(3):
        numbered(i)
