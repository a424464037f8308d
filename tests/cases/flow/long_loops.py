"""Loops that come round more often than the verifier would follow: the kernel counts them."""

# run: total(given=[5000, 3]) -> out=[12497500, 1667, 0, 5000]
# run: total(given=[-5, 3]) -> out=[0, 0, 0, -5]
# run: total(given=[0, 3]) -> out=[0, 0, 0, 0]
# run: steps(given=[10, -3000]) -> out=[3010, 10, -2999, 0]
# run: steps(given=[-3, 5]) -> out=[0, 0, 0, 0]
# run: ways(given=[4000, 2000]) -> out=[2000, 1999000, 7, 0], value=1
# run: ways(given=[3000, 6000]) -> out=[3000, 4498500, 0, 9], value=1
# run: ways(given=[4000, 3000]) -> out=[3000, 4498500, 5, 0], value=4
# run: inside(given=[2000, 1000]) -> events=[Event(n=3), Event(n=1000)], out=[1001, 0, 0, 0]
# run: inside(given=[900, 1000]) -> events=[Event(n=3)], out=[901, 0, 0, 0]
# run: asserted(given=[1200, 1000]) -> out=[1000, 0, 0, 0], events=[Event(n=998), Event(n=999)], value=0
# run: asserted(given=[999, 1000]) -> out=[999, 1, 0, 0], events=[Event(n=998)], value=2
# run: nested(given=[60, 0]) -> out=[106200, 0, 0, 0]
# run: counters(given=[3000, 0]) -> out=[5, 3000, 1, 2994]
from kring import Array, Discard, RingBuf, Struct, i64, syscall, u64


class Event(Struct):
    n: u64


given = Array[i64](2)
out = Array[i64](4)
events = RingBuf[Event](1 << 20)


@syscall
def total() -> None:
    n = given[0]
    x = 0
    threes = 0
    for i in range(n):
        x += i
        if i % 3 == 0:
            threes += 1
    out[0] = x
    out[1] = threes
    out[3] = n


@syscall
def steps() -> None:
    first = given[0]
    stop = given[1]
    rounds = 0
    highest = -1 << 62
    lowest = 0
    for i in range(first, stop, -1):
        rounds += 1
        if i > highest:
            highest = i
        if i < lowest:
            lowest = i
    out[0] = rounds
    if rounds > 0 and rounds < 8388608:
        out[1] = highest
        out[2] = lowest


@syscall
def ways() -> int:
    n = given[0]
    limit = given[1]
    rounds = 0
    x = 0
    for i in range(n):
        if i % 7 > 10:
            continue
        if i == limit:
            out[2] = 7
            if limit == 3000:
                out[2] = 5
                out[0] = rounds
                out[1] = x
                return 4
            break
        rounds += 1
        x += i
    else:
        out[3] = 9
    out[0] = rounds
    out[1] = x
    return 1


@syscall
def inside() -> None:
    n = given[0]
    limit = given[1]
    rounds = 0
    for i in range(n + 1):
        rounds += 1
        if i == 3 or i == limit:
            with events.reserve() as e:
                e.n = i
                if i == limit:
                    break
                continue
        if i == 10:
            with events.reserve() as e:
                e.n = i
                raise Discard
    out[0] = rounds


@syscall
def asserted() -> int:
    n = given[0]
    for i in range(n):
        with events.reserve() as e:
            e.n = i
            out[0] = i
            assert i < given[1]
            if i < 998:
                raise Discard
        out[0] = i + 1
    out[1] = 1
    return 2


@syscall
def nested() -> None:
    n = given[0]
    x = 0
    for i in range(n):
        for _ in range(n):
            x += i
    out[0] = x


@syscall
def counters() -> None:
    """A counter that is compared does not keep the verifier going round."""
    n = given[0]
    small = 0
    rounds = 0
    flag = 0
    late = 0
    for i in range(n):
        if small < 5:
            small += 1
        elif flag == 0:
            flag = 1
        else:
            late += 1
        rounds += 1
    out[0] = small
    out[1] = rounds
    out[2] = flag
    out[3] = late
