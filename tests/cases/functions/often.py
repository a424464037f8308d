"""Functions called often are compiled once: what they take, give back, hold and cannot do apart."""
# run: hashes(given=[1, 2, 3, -4]) -> out=[8299245, 8299245, 1, 0]
# run: hashes(given=[0, 0, 0, 0]) -> out=[264572, 264572, 1, 0]
# run: sends(given=[3, 0, 7, 1]) -> events=[Event(a=3, b=6), Event(a=10, b=1), Event(a=13, b=2)], value=4
# run: reaching(given=[1, 2, 3, 4]) -> value=6, events=[Event(a=1, b=1), Event(a=3, b=3)]
# run: reaching(given=[1, 2, 200, 4]) -> value=0, events=[Event(a=1, b=1)]
# run: counted(given=[5, 6, 7, 8], times=2) -> seen={5: 2, 6: 2, 7: 2, 8: 2}, out=[2, 2, 2, 2]
# run: unsigned(given=[1, 2, 3, 4]) -> out=[1, 1, 1, 1]
# run: nested(given=[1, 2, 3, 4]) -> out=[14, 28, 42, 56]
from kring import Array, Discard, Hash, RingBuf, Struct, i64, syscall, u8, u32, u64


class Event(Struct):
    a: u8
    b: u32


class Pair(Struct):
    a: i64
    b: i64


given = Array[i64](4)
out = Array[i64](4)
seen = Hash[u32, u64](max_entries=8)
table = Hash[u32, Pair](max_entries=8)
events = RingBuf[Event](4096)


def mix(pair: Pair, a: int, b: int, rounds: int = 2) -> int:
    """Long enough to be worth a call."""
    x = a
    y = b
    for _ in range(rounds):
        x = (x ^ y) * 31 + pair.a
        y = (y + x) >> 3 ^ (x << 5)
        x += y // 7 + y % 5
        x = x - y if x > y else x
        pair.b += x ^ y
    return x ^ y


@syscall
def hashes() -> None:
    a = given[0]
    b = given[1]
    one = Pair(a=3, b=0)
    two = Pair(a=3, b=0)
    x = mix(one, a, b) + mix(one, b, a) + mix(one, 5, a, rounds=1)
    y = mix(two, a, b) + mix(two, b, a) + mix(two, 5, a, rounds=1)
    out[0] = one.b
    out[1] = two.b
    out[2] = x == y
    out[3] = one.a != 3


def send(a: int, twice: int) -> int:
    with events.reserve() as e:
        e.a = a
        if a == 0:
            raise Discard
        e.b = a * 2 if twice else a
        if twice > 1:
            return 3
    if a > 5 and twice == 1 and given[3] == 1:
        with events.reserve() as e:
            e.a = a + 3
            e.b = twice
    if a > 5 and twice == 2 and given[3] == 1:
        with events.reserve() as e:
            e.a = a + 6
            e.b = twice
    return 0


@syscall
def sends() -> int:
    x = send(given[0], 1)
    y = send(given[1], 0)
    with events.reserve():
        raise Discard
    z = send(given[1], 5)
    return x + y + z + 1 + tail(given[2])


def tail(x: int) -> int:
    with events.reserve() as e:
        e.a = x + 3
        e.b = 1
    with events.reserve() as e:
        e.a = x + 6
        e.b = 2
    return 3


def checked(x: int) -> int:
    """Leaves the program, so it has to be built in place."""
    assert x < 100
    with events.reserve() as e:
        e.a = x
        e.b = x
        if x == 2:
            raise Discard
        if x == 4:
            raise Discard
    total = 0
    for i in range(4):
        total += x * i ^ x + i
        total -= x // 3 + i % 3
    return total * 0 + x


@syscall
def reaching() -> int:
    x = checked(given[0])
    y = checked(given[1])
    z = checked(given[2])
    return x + y + z


def count(key: u32, by: u64) -> u64:
    """Uses maps, and returns an unsigned number."""
    seen[key] += by
    if (pair := table.get(key)) is not None:
        pair.a += 1
    else:
        table[key] = Pair(a=1)
    found = table.get(key)
    return 0 if found is None else found.a


@syscall
def counted() -> None:
    out[0] = count(given[0], 1)
    out[1] = count(given[1], 1)
    out[2] = count(given[2], 1)
    out[3] = count(given[3], 1)


def large(x: int) -> u64:
    y = x
    for i in range(3):
        y = y * 6364136223846793005 + 1442695040888963407 + i
        y ^= y >> 33
        y = (y << 7) | (y >> 57)
    return y | 1 << 63


@syscall
def unsigned() -> None:
    out[0] = large(given[0]) > 5
    out[1] = large(given[1]) > 5
    out[2] = large(given[2]) > 5
    out[3] = large(given[3]) > 5


def inner(x: int) -> int:
    y = x
    for i in range(4):
        y += (x * i) ^ (x + i) ^ (x - i)
        y -= (x * i) ^ (x + i) ^ (x - i)
        y += x * (i & 1)
    return y


def middle(x: int) -> int:
    return inner(x) + inner(x + x) + inner(x * 2) - inner(x) + inner(0) - inner(0)


@syscall
def nested() -> None:
    out[0] = middle(given[0]) + inner(given[0]) - inner(given[0]) + 2 * given[0]
    out[1] = middle(given[1]) + inner(given[1]) - inner(given[1]) + 2 * given[1]
    out[2] = middle(given[2]) + 2 * given[2]
    out[3] = middle(given[3]) + 2 * given[3]
