"""Structs inside structs: made, assigned, compared, passed on and returned, at any depth."""
# run: made() -> records=[Event(id=7, mac=b"abcdef", name="kring", inner=Inner(a=1, p=Point(x=2, y=-3)), n=[1, 2, 3])]
# run: made(given=[Event(mac=b"xyz", name="other", inner=Inner(a=9, p=Point(x=8, y=7)))]) -> records=[Event(id=7, mac=b"abcdef", name="kring", inner=Inner(a=1, p=Point(x=2, y=-3)), n=[1, 2, 3])]
# run: assigned(given=[Event(inner=Inner(a=1, p=Point(x=2, y=3))), Event(inner=Inner(a=4, p=Point(x=5, y=6)))]) -> given=[Event(inner=Inner(a=4, p=Point(x=5, y=60))), Event(inner=Inner(a=4, p=Point(x=2, y=3)))], out=[1, 0, 3]
# run: compared(given=[Event(id=1, name="same", n=[1, 2]), Event(id=1, name="same", n=[1, 2])]) -> out=[1, 0, 1]
# run: compared(given=[Event(id=1, name="same", n=[1, 2]), Event(id=1, name="sam", n=[1, 2])]) -> out=[0, 1, 1]
# run: compared(given=[Event(id=1, inner=Inner(a=1)), Event(id=1, inner=Inner(a=2))]) -> out=[0, 1, 0]
# run: passed(given=[Event(inner=Inner(a=1, p=Point(x=2, y=3)))]) -> out=[6, 1, 30], given=[Event(inner=Inner(a=1, p=Point(x=30, y=3)))]
# run: large(wide=[Wide(name="n" * 60, n=[5] * 40), Wide(name="x")]) -> wide=[Wide(name="n" * 60, n=[5] * 40), Wide(name="n" * 60, n=[5] * 39 + [6])], out=[0, 1]
# run: bit_fields(flags=[Flags(a=-3, b=5, c=100, d=1)]) -> out=[-3, 5, 100, 1, -2, 0], flags=[Flags(a=1, b=6, c=-1000, d=0)]
# run: cleared(given=[Event(name="a long name")]) -> clears=[Clear(s="x", t="kring")], out=[1, 1]
from kring import (
    Array,
    Hash,
    RingBuf,
    Struct,
    array,
    bits,
    char,
    current,
    i16,
    i32,
    i64,
    syscall,
    u8,
    u16,
    u32,
)


class Point(Struct):
    x: u8
    y: i16


class Inner(Struct):
    a: u8
    p: Point


class Event(Struct):
    id: u8
    mac: bytes = array(6)
    name: str = char(16)
    inner: Inner
    n: list[int] = array(3, u16)


class Wide(Struct):
    name: str = char(100)
    n: list[int] = array(40, u16)


class Flags(Struct):
    a: i32 = bits(5)
    b: u32 = bits(10)
    c: i32 = bits(20)
    d: u8 = bits(1)


class Clear(Struct):
    s: str = char(8, clear=True)
    t: str = char(8, clear=True)


given = Array[Event](2)
wide = Array[Wide](2)
flags = Array[Flags](1)
records = RingBuf[Event](4096)
clears = RingBuf[Clear](4096)
spots = Hash[Inner, u32](max_entries=4)
out = Array[i64](8)


@syscall
def made() -> None:
    mac = Event(mac=b"abcdef").mac
    inner = Inner(a=1, p=Point(x=2, y=-3))
    e = Event(id=7, mac=mac, name="kring", inner=inner, n=given[0].n)
    e.n[0] = 1
    e.n[1] = 2
    e.n[2] = 3
    records.output(e)


@syscall
def assigned() -> None:
    one = given[0]
    other = given[1]
    kept = one.inner.p
    swap = Point(x=kept.x, y=kept.y)
    one.inner = other.inner
    other.inner.p = swap
    out[0] = other.inner.p == swap
    out[1] = one.inner.p == other.inner.p
    one.inner.p.y *= 10
    out[2] = other.inner.p.y


@syscall
def compared() -> None:
    out[0] = given[0] == given[1]
    out[1] = given[0] != given[1]
    out[2] = given[0].inner == given[1].inner


def total(p: Point) -> i64:
    return p.x + p.y + 1


def inside(e: Event) -> Point:
    return e.inner.p


@syscall
def passed() -> None:
    e = given[0]
    out[0] = total(e.inner.p)
    out[1] = inside(e) == e.inner.p
    inside(e).x = 30
    out[2] = e.inner.p.x


@syscall
def large() -> None:
    one = wide[0]
    other = wide[1]
    out[0] = one == other
    wide[1] = one
    other.n[39] = other.n[39] + (0 if one != other else 1)
    out[1] = one.name == other.name


@syscall
def bit_fields() -> None:
    f = flags[0]
    out[0] = f.a
    out[1] = f.b
    out[2] = f.c
    out[3] = f.d
    f.a = f.a + 4
    f.b = f.b + 1
    f.c = f.c - 1100
    f.d = f.d + 1
    own = Flags(a=-1)
    own.a += -1
    out[4] = own.a
    out[5] = own.b


@syscall
def cleared() -> None:
    """A cleared field has zeros behind its NUL, whatever was there."""
    with clears.reserve() as r:
        r.s = given[0].name
        r.s = "x"
        r.t = current.comm
        r.t = "kring"
    spots[Inner(a=1)] = 1
    out[0] = Inner(a=1) in spots
    out[1] = spots.get(Inner(a=1), 0)
