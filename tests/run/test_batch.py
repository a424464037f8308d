"""Many entries of live maps at once, and while others change them: in the kernel and in the VM."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from errno import EINVAL

import pytest

from kring import (
    Array,
    Hash,
    Kernel,
    LpmTrie,
    LruHash,
    PerCpuArray,
    PerCpuHash,
    Struct,
    Vm,
    be32,
    load,
    raw_tracepoint,
    syscall,
    u32,
    u64,
)
from kring.errors import LoadError
from kring.run.kernel import batch
from kring.run.target import Target

MOST = 20_000


class Pair(Struct):
    a: u32
    b: u32


class Route(Struct):
    prefixlen: u32
    address: be32


table = Hash[u32, u64](MOST)
pairs = Hash[Pair, Pair](64)
each = PerCpuHash[u32, u64](64)
recent = LruHash[u32, u64](64)
slots = Array[u32](300)
counts = PerCpuArray[u64](5)
routes = LpmTrie[Route, u32](64)


@syscall
def touch() -> None:
    table[1] = 1
    pairs[Pair(a=1, b=2)] = Pair(a=3, b=4)
    each[1] += 1
    recent[1] = 1
    slots[0] = 1
    counts[0] += 1


@raw_tracepoint("sys_enter")
def walk() -> None:
    routes.get(Route(prefixlen=8, address=0), 0)


turn = Array[u64](1)
sent = Hash[u64, u64](MOST)


@syscall
def insert() -> None:
    n = turn.get(0, 0)
    turn[0] += 1
    sent.set(n, n)


ENGINES = [
    pytest.param(Kernel(), marks=pytest.mark.kernel, id="kernel"),
    pytest.param(Vm(), id="vm"),
]


@pytest.fixture(params=["batched", "one by one"])
def calls(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both ways of doing it: as this kernel can, and as one without such calls would."""
    if request.param != "batched":
        monkeypatch.setattr(batch, "_call", lambda command, attr: EINVAL)


@pytest.mark.parametrize("on", ENGINES)
def test_many_entries_at_once(on: Target, calls: None) -> None:
    with load(touch, on=on, attach=False) as s:
        many = {n: n * n for n in range(3000)}
        s[table].update(many)
        assert s[table].snapshot() == many
        assert dict(s[table].items()) == many
        assert sorted(s[table].values()) == sorted(many.values())
        assert len(s[table]) == 3000
        assert s[table].discard([5, 5000, 6, 5, 7]) == 3
        assert s[table].discard(range(2990, 6000)) == 10
        assert s[table].discard([]) == 0
        assert s[table].pop(8) == 64
        assert s[table].pop(8, None) is None
        with pytest.raises(KeyError):
            s[table].pop(8)
        for gone in (5, 6, 7, 8, *range(2990, 3000)):
            del many[gone]
        assert s[table].drain() == many
        assert s[table].drain() == {}
        s[table].update({1: 2})
        s[table].update([(2, 3), (3, 4)])
        s[table].clear()
        assert list(s[table]) == []


@pytest.mark.parametrize("on", ENGINES)
def test_all_kinds(on: Target, calls: None) -> None:
    with load(touch, walk, on=on, attach=False) as s:
        records = {Pair(a=n, b=1): Pair(a=n, b=2) for n in range(50)}
        s[pairs].update(records)
        assert s[pairs].snapshot() == records
        cpus = len(s[counts][0])
        values = {n: [n + cpu for cpu in range(cpus)] for n in range(60)}
        s[each].update(values)
        assert s[each].snapshot() == values
        assert s[each].pop(3) == values.pop(3)
        assert s[each].drain() == values
        s[counts].update({n: [n] * cpus for n in range(5)})
        assert s[counts].snapshot() == {n: [n] * cpus for n in range(5)}
        s[slots].update({n: n + 1 for n in range(300)})
        assert s[slots].snapshot() == {n: n + 1 for n in range(300)}
        assert list(s[slots]) == list(range(300))
        s[recent].update({n: n for n in range(40)})
        assert len(s[recent].drain()) == 40
        nets = {Route(prefixlen=n, address=0x0A0B0C0D >> (32 - n) << (32 - n)): n
                for n in range(8, 33)}  # fmt: skip
        s[routes].update(nets)
        assert s[routes].snapshot() == nets
        assert s[routes].discard(list(nets)[:5]) == 5
        assert len(s[routes].drain()) == len(nets) - 5
        assert len(s[routes]) == 0


@pytest.mark.parametrize("on", ENGINES)
def test_what_does_not_fit(on: Target, calls: None) -> None:
    with load(touch, on=on, attach=False) as s:
        with pytest.raises(LoadError, match="map 'pairs' is full: 64 entries"):
            s[pairs].update({Pair(a=n, b=n): Pair() for n in range(65)})
        assert len(s[pairs]) == 64
        with pytest.raises(KeyError):
            s[slots].update({299: 1, 300: 1})
        assert s[slots][299] == 1
        for refused in (s[slots].drain, s[slots].clear, lambda: s[slots].discard([1])):
            with pytest.raises(LoadError, match="its entries are always there"):
                refused()
        with pytest.raises(ValueError, match="no value of map 'table'"):
            s[table].update({1: 1, 2: -1})
        assert len(s[table]) == 0


@pytest.mark.kernel
def test_buckets_larger_than_the_room_for_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch, "_ROOM", 12)
    with load(touch, attach=False) as s:
        many = {n: n for n in range(2000)}
        s[table].update(many)
        assert s[table].snapshot() == many
        assert s[table].drain() == many


@contextmanager
def hammering(*work: object) -> Iterator[None]:
    """Threads that call the functions, over and over, until the block ends."""
    stop = threading.Event()
    errors: list[BaseException] = []

    def again(function: object) -> None:
        try:
            while not stop.is_set():
                function()  # type: ignore[operator]
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=again, args=(function,)) for function in work]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert not errors


@pytest.mark.parametrize("on", ENGINES)
def test_iterating_what_others_change(on: Target) -> None:
    stay = range(0, 4000, 2)
    with load(touch, on=on, attach=False) as s:
        s[table].update({n: n for n in stay})
        go = list(range(1, 4000, 2))

        def churn() -> None:
            s[table].update(dict.fromkeys(go, 7))
            s[table].discard(go)

        with hammering(churn):
            for _ in range(20):
                keys = list(s[table])
                assert len(keys) == len(set(keys))
                assert set(keys) >= set(stay)
                entries = list(s[table].items())
                assert len({key for key, _ in entries}) == len(entries)
                assert {key: value for key, value in entries if key % 2 == 0} == {
                    n: n for n in stay
                }
                assert {value for key, value in entries if key % 2} <= {7}
                len(s[table])


@pytest.mark.kernel
def test_one_by_one_ends_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the kernel starts over when a key is gone, no key comes twice, and it ends."""
    monkeypatch.setattr(batch, "_call", lambda command, attr: EINVAL)
    with load(touch, walk, attach=False) as s:
        s[table].update({n: n for n in range(500)})
        go = list(range(1, 500, 2))

        def churn() -> None:
            for n in go:
                s[table].pop(n, None)
            for n in go:
                s[table][n] = n

        nets = [Route(prefixlen=32, address=n) for n in range(64)]

        def routing() -> None:
            for net in nets:
                s[routes][net] = 1
            s[routes].discard(nets[::2])

        with hammering(churn, routing):
            for _ in range(5):
                keys = list(s[table])
                assert len(keys) == len(set(keys))
                found = [key for key, _ in s[routes].items()]
                assert len(found) == len(set(found))


@pytest.mark.kernel
def test_draining_while_a_program_inserts_gives_every_entry_once() -> None:
    with load(insert) as s:
        taken: list[int] = []
        with hammering(lambda: s[insert].run()):
            while len(taken) < 2000:
                taken += s[sent].drain()
        taken += s[sent].drain()
        assert sorted(taken) == list(range(s[turn][0]))
