"""Records too large for the stack: made beside it, copied into a stream, kept in a map."""

# run: sent(given=[3]) -> events=[Big(id=3, name="first", tail=30), Big(id=4, name="second"), Big(id=3, name="first", tail=31)], lost=0
# run: sent(given=[0]) -> events=[Big(id=0, name="first", tail=0)], lost=0
# run: kept(given=[7], times=2) -> big={7: Big(id=7, name="kept", tail=2)}, out=[2, 7, -1]
# run: loop() -> events=[Big(id=0, name="a"), Big(id=1, name="a", tail=5), Big(id=2, name="a")], lost=0
# run: full() -> out=[26, 4], lost=4
from kring import Array, Hash, RingBuf, Struct, char, i64, syscall, u32, u64


class Big(Struct):
    id: u32
    name: str = char(600)
    tail: u64


events = RingBuf[Big](16384)
big = Hash[u32, Big](max_entries=4)
given = Array[u32](1)
out = Array[i64](3)


@syscall
def sent() -> None:
    n = given[0]
    first = Big(id=n, name="first", tail=10 * n)
    events.output(first)
    if n:
        events.output(Big(id=n + 1, name="second"))
        first.tail = first.tail + 1
        events.output(first)


@syscall
def kept() -> None:
    n = given[0]
    if (b := big.get(n)) is not None:
        b.tail += 1
        out[0] = b.tail
        if (taken := big.pop(n)) is not None:
            out[1] = taken.id
            big[n] = taken
        out[2] = -1 if big.pop(n + 1) is None else 1
    else:
        big[n] = Big(id=n, name="kept", tail=1)


@syscall
def loop() -> None:
    for i in range(3):
        b = Big(id=i, name="a")
        if i == 1:
            b.tail = 5
        events.output(b)


@syscall
def full() -> None:
    for i in range(30):
        if events.output(Big(id=i)):
            out[0] += 1
        else:
            out[1] += 1
