"""Elements of arrays by constant and variable index, in maps, records and on the stack."""

# run: constant(given=[Table(n=[1, 2, 3, 4], w=[10, 20, 30], b=b"\x01\xff", p=[Point(x=5, y=-6)])]) -> out=[1, 4, 4, 30, 10, 255, -6, 0], given=[Table(n=[7, 2, 3, 9], w=[10, 21, 0x1234], b=b"\x01\x02", p=[Point(x=5, y=-7), Point(x=8, y=1)])]
# run: masked(given=[Table(n=[1, 2, 3, 4])], at=[6, 9]) -> out=[3, 2], given=[Table(n=[1, 12, 3, 4])]
# run: remainder(given=[Table(w=[10, 20, 30])], at=[5, 2**32 - 1]) -> out=[30, 10, 10]
# run: tested(given=[Table(n=[1, 2, 3, 4], w=[7, 8, 9])], at=[3, 2]) -> out=[4, 9, 4, 9]
# run: tested(given=[Table(n=[1, 2, 3, 4], w=[7, 8, 9])], at=[4, 3]) -> out=[-1, -1, -1, -1]
# run: signed_index(given=[Table(n=[1, 2, 3, 4])], at=[2**32 - 1, 2]) -> out=[-1, 3]
# run: by_bytes(given=[Table(b=b"\x01\x00")], big=[Big(n=[i * i for i in range(256)])]) -> out=[1, 0, 1]
# run: loops(given=[Table(n=[1, 2, 3, 4], w=[10, 20, 30], p=[Point(x=1, y=2), Point(x=3, y=4)])]) -> out=[10, 60, 10, 4, 3, 40], given=[Table(n=[0, 1, 4, 9], w=[10, 20, 30], p=[Point(x=0, y=2), Point(x=1, y=4)])]
# run: counted(given=[Table(n=[1, 2, 3, 4], w=[10, 20, 30])], at=[3, 1]) -> out=[30, 44, 26, 42]
# run: computed(given=[Table(n=[1, 2, 3, 4], w=[10, 20, 30])], at=[7, 1]) -> out=[1, 20, 2, 30, 20, -1]
# run: computed(given=[Table(n=[1, 2, 3, 4], w=[10, 20, 30])], at=[6, 5]) -> out=[-1, -1, 2, 30, 30, 20]
# run: whole(given=[Table(n=[1, 2, 3, 4], w=[1, 2, 3], b=b"ab", p=[Point(x=1, y=2), Point(x=3, y=4)]), Table()]) -> given=[Table(n=[1, 2, 3, 4], w=[1, 2, 3], b=b"xy", p=[Point(x=3, y=4), Point(x=3, y=4)]), Table(n=[1, 2, 3, 4], w=[1, 2, 3], b=b"ab", p=[Point(x=1, y=2), Point(x=3, y=4)])]
# run: compare(given=[Table(n=[1, 2, 3, 4], w=[1, 2, 3], b=b"ab"), Table(n=[1, 2, 3, 5], w=[1, 2, 3], b=b"ac")]) -> out=[1, 0, 0, 1, 1, 0]
# run: on_stack(at=[1, 2]) -> out=[20, 31, 15, 3, -2], records=[Table(n=[5, 6, 0, 0], b=b"q", p=[Point(), Point(x=1, y=-1)])]
# run: atomics(given=[Table(n=[1, 2, 3, 4])], at=[1, 3]) -> out=[2, 4], given=[Table(n=[1, 102, 3, 14])]
from kring import (
    Array,
    RingBuf,
    Struct,
    array,
    atomic,
    be16,
    i16,
    i64,
    syscall,
    u8,
    u32,
)


class Point(Struct):
    x: u8
    y: i16


class Table(Struct):
    n: list[int] = array(4, u32)
    w: list[int] = array(3, be16)
    b: bytearray = array(2)
    p: list[Point] = array(2, Point)


class Big(Struct):
    n: list[int] = array(256, u32)


given = Array[Table](2)
big = Array[Big](1)
at = Array[u32](2)
out = Array[i64](8)
records = RingBuf[Table](4096)


@syscall
def constant() -> None:
    if (t := given[0]) is None:
        return
    out[0] = t.n[0]
    out[1] = t.n[3]
    out[2] = t.n[-1]
    out[3] = t.w[2]
    out[4] = t.w[-3]
    out[5] = t.b[1]
    out[6] = t.p[0].y
    out[7] = t.p[-1].y
    t.n[0] = 7
    t.n[-1] = 9
    t.w[1] = t.w[1] + 1
    t.w[2] = 0x1234
    t.b[1] = 0x102 & at[0] | 2
    t.p[0].y = t.p[0].y - 1
    t.p[1].x = 8
    t.p[1].y = 1


@syscall
def masked() -> None:
    if (t := given[0]) is None:
        return
    out[0] = t.n[at[0] & 3]
    out[1] = t.n[at[1] % 4]
    t.n[at[1] % 4] += 10


@syscall
def remainder() -> None:
    if (t := given[0]) is None:
        return
    out[0] = t.w[at[0] % 3]
    out[1] = t.w[at[1] % 3]
    i = at[1] % 3
    out[2] = t.w[i] if i < 2 else 0


@syscall
def tested() -> None:
    if (t := given[0]) is None:
        return
    i = at[0]
    out[0] = t.n[i] if i < len(t.n) else -1
    j = at[1]
    out[1] = -1
    if j >= 3:
        out[2] = -1
        out[3] = -1
        return
    out[1] = t.w[j]
    if i <= 3:
        out[2] = t.n[i]
        for k in range(1):
            out[3] = t.w[j]


@syscall
def signed_index() -> None:
    if (t := given[0]) is None:
        return
    i = at[0] - 2**32
    j = at[1] + 0
    out[0] = t.n[i] if 0 <= i < len(t.n) else -1
    out[1] = t.n[j] if 0 <= j and j < 4 else -1


@syscall
def by_bytes() -> None:
    if (t := given[0]) is None or (b := big[0]) is None:
        return
    out[0] = b.n[t.b[0]]
    out[1] = b.n[t.b[1]]
    i: u8 = t.b[0] + 256
    out[2] = b.n[i]


@syscall
def loops() -> None:
    if (t := given[0]) is None:
        return
    total = 0
    for x in t.n:
        total += x
    out[0] = total
    total = 0
    for i in range(len(t.w)):
        total += t.w[i]
    out[1] = total
    total = 0
    for p in t.p:
        total += p.x + p.y
        p.x = total
    out[2] = total
    for p in t.p:
        if p.y == 4:
            out[3] = p.y
            break
    i = 0
    while 0 <= i < 4:
        t.n[i] = i * i
        i += 1
    for i in range(1, 3):
        t.p[i - 1].x = i - 1
    out[4] = t.w[2] // 10
    total = 0
    for x in t.w:
        if x == 20:
            continue
        total += x
    out[5] = total


@syscall
def counted() -> None:
    """Loops that count to a number of their own, down, and not from 0."""
    if (t := given[0]) is None:
        return
    total = 0
    for i in range(at[0] & 3):
        total += t.w[i] if i != 2 else 0
    out[0] = total
    total = 0
    for i in range(3, -1, -1):
        total = total * 2 + t.n[i] - t.n[3 - i]
    out[1] = total + 21
    total = 0
    for i in range(at[1] & 1, 4, 2):
        total = total * 10 + t.n[i]
    out[2] = total + 2
    total = 0
    for i in range(10, 14):
        total = total + t.n[i - 10] * i
    out[3] = total - 78


@syscall
def computed() -> None:
    """Comparisons of what was computed are not left as they stand, so indexes are bounded anew."""
    t = given[0]
    i = at[0] ^ 7
    out[0] = t.n[i] if 0 <= i < 1 else -1
    i = at[1] * 5 - 4
    out[1] = t.w[i] if 0 <= i < 3 else -1
    out[2] = t.n[(at[0] & 15) // 5]
    i = 2 if at[0] > 5 else at[0] % 3
    out[3] = t.w[i]
    i = at[1] % 3 if at[0] > 5 else 0
    out[4] = t.w[i // 2 + 1]
    i = 1 - at[0] + at[1]
    out[5] = -1
    if i < len(t.n) and i >= 0:
        out[5] = t.w[1]


@syscall
def whole() -> None:
    if (t := given[0]) is None or (other := given[1]) is None:
        return
    other.n = t.n
    other.w = t.w
    other.b = t.b
    other.p = t.p
    t.p[0] = other.p[1]
    t.b = b"xy"


@syscall
def compare() -> None:
    if (t := given[0]) is None or (other := given[1]) is None:
        return
    out[0] = t.b == b"ab"
    out[1] = t.b == other.b
    out[2] = t.n == other.n
    out[3] = t.w == other.w
    out[4] = t.b != b"ac" and t.b != b"abc"
    out[5] = other.b == b"ab"


@syscall
def on_stack() -> None:
    t = Table(b=b"q")
    t.n[0] = 10
    t.n[1] = 20
    t.n[2] = 31
    i = at[0] & 3
    j = at[1] & 3
    out[0] = t.n[i]
    out[1] = t.n[j]
    t.n[i] = 5
    out[2] = t.n[0] + t.n[1]
    t.p[i & 1].x = 3
    t.p[i & 1].y = -2
    out[3] = t.p[1].x
    out[4] = t.p[i & 1].y
    with records.reserve() as r:
        r.n[j & 1] = 5
        r.n[i] = 6
        r.b = t.b
        r.p[1] = Point(x=1, y=-1)


@syscall
def atomics() -> None:
    if (t := given[0]) is None:
        return
    out[0] = atomic.fetch_add(t.n[at[0] & 3], 100)
    out[1] = atomic.fetch_add(t.n[3], 10)
