"""Live maps of every kind: what user space does to them, on the kernel's maps and on the VM's."""

from __future__ import annotations

import os

import pytest

from kring import (
    Array,
    Bloom,
    Kernel,
    LpmTrie,
    LruPerCpuHash,
    NotLive,
    PerCpuArray,
    PerfBuf,
    ProgArray,
    Queue,
    Stack,
    StackTraces,
    Struct,
    Task,
    Vm,
    be32,
    load,
    raw_tracepoint,
    u32,
    u64,
    xdp,
)
from kring.errors import LoadError, NotPermitted
from kring.run.target import Target


class Route(Struct):
    bits: u32
    address: be32


class Count(Struct):
    packets: u64
    size: u32


jobs = Queue[u32](2)
pile = Stack[Count](2)
seen = Bloom[u32](100)
routes = LpmTrie[Route, u32](2)
each = PerCpuArray[Count](1)
recent = LruPerCpuHash[u32, u64](max_entries=16)
stacks = StackTraces(1 << 14, depth=16)  # so many that two stacks hardly ever want one place
jumps = ProgArray(3)
out = Array[u64](4)
events = PerfBuf[Count]()


@raw_tracepoint("sched_switch")
def touch() -> None:
    jobs.push(7)
    pile.push(Count(packets=1))
    seen.add(5)
    routes[Route(bits=32, address=1)] = 1
    each[0].packets += 3
    each[0].size += 4
    recent[1] += 1
    out[0] = stacks.id(skip=0)
    out[1] = stacks.id(user=True)


@raw_tracepoint("sched_switch")
def first() -> int:
    out[0] += 1
    jumps.tail_call(0)
    out[1] += 1
    return 1


@raw_tracepoint("sched_switch")
def second() -> int:
    out[2] += 1
    jumps.tail_call(1)
    out[3] += 1
    return 2


@raw_tracepoint("sched_switch")
def sends() -> None:
    events.output(Count(packets=1))


@xdp
def other() -> int:
    return 2


@pytest.fixture(
    params=[Vm(), pytest.param(Kernel(), marks=pytest.mark.kernel)], ids=["vm", "kernel"]
)
def on(request: pytest.FixtureRequest) -> Target:
    try:
        with load(second, on=request.param, attach=False):
            return request.param
    except NotPermitted as error:
        pytest.skip(str(error))


def test_queues_and_stacks(on: Target) -> None:
    with load(touch, on=on, attach=False) as s:
        queue, stack = s[jobs], s[pile]
        assert queue.pop() is None
        assert queue.push(1)
        assert queue.push(2)
        assert not queue.push(3)
        assert queue.peek() == 1
        assert [queue.pop(), queue.pop(), queue.pop()] == [1, 2, None]
        assert stack.push(Count(packets=1))
        assert stack.push(Count(packets=2))
        s[touch].run()
        assert stack.peek() == Count(packets=2)
        assert [stack.pop(), stack.pop(), stack.peek()] == [
            Count(packets=2), Count(packets=1), None,
        ]  # fmt: skip
        assert queue.pop() == 7
        with pytest.raises(ValueError, match="no value of map 'jobs'"):
            queue.push("x")  # type: ignore[arg-type]


def test_filters(on: Target) -> None:
    with load(touch, on=on, attach=False) as s:
        assert 5 not in s[seen]
        s[touch].run()
        s[seen].add(6)
        assert 5 in s[seen]
        assert 6 in s[seen]
        assert 7 not in s[seen]


def test_prefixes(on: Target) -> None:
    with load(touch, on=on, attach=False) as s:
        table = s[routes]
        table[Route(bits=8, address=0x0A00_0000)] = 8
        assert table[Route(bits=32, address=0x0A01_0203)] == 8
        s[touch].run()
        assert dict(table) == {Route(bits=8, address=0x0A00_0000): 8, Route(bits=32, address=1): 1}
        with pytest.raises(LoadError, match="full"):
            table[Route(bits=9, address=0)] = 9
        del table[Route(bits=8, address=0x0A00_0000)]
        with pytest.raises(KeyError):
            table[Route(bits=32, address=0x0A01_0203)]


def test_values_of_each_cpu(on: Target) -> None:
    with load(touch, on=on, attach=False) as s:
        s[touch].run()
        s[touch].run()
        assert s[each].sum(0) == Count(packets=6, size=8)
        assert s[recent].sum(1) == 2
        assert sum(s[recent][1]) == 2
        s[each][0] = [Count(packets=2**64 - 1)] * len(s[each][0])
        s[touch].run()
        assert s[each].sum(0) == Count(packets=(3 - len(s[each][0])) % 2**64, size=4)
        with pytest.raises(KeyError):
            s[recent].sum(2)


def test_stacks_of_calls(on: Target) -> None:
    if isinstance(on, Vm):
        on = Vm(task=Task(kernel_stack=(1, 2, 3), user_stack=tuple(range(10, 40))))
    with load(touch, on=on, attach=False) as s:
        s[touch].run()
        kernel, user = s[stacks][s[out][0]], s[stacks][s[out][1]]
        assert set(s[stacks]) == {s[out][0], s[out][1]}
        assert 1 <= len(kernel) <= 16
        assert 1 <= len(user) <= 16
        if isinstance(on, Vm):
            assert (kernel, user) == ((1, 2, 3), tuple(range(10, 26)))
        else:
            assert all(address >> 63 for address in kernel)
            assert not any(address >> 63 for address in user)
        del s[stacks][s[out][0]]
        with pytest.raises(KeyError):
            s[stacks][s[out][0]]
        assert len(s[stacks]) == 1
        for none in (-17, 2**64 - 17):
            with pytest.raises(KeyError):
                s[stacks][none]


def test_a_task_without_a_stack_has_no_number() -> None:
    with load(touch, on=Vm(), attach=False) as s:
        s[touch].run()
        assert s[out][0] == 2**64 - 14
        assert not len(s[stacks])


def test_tail_calls(on: Target) -> None:
    with load(first, second, on=on, attach=False) as s:
        assert s[first].run().value == 1
        assert list(s[out].values()) == [1, 1, 0, 0]
        s[jumps][0] = second
        assert 0 in s[jumps]
        assert 1 not in s[jumps]
        assert s[first].run().value == 2
        assert list(s[out].values()) == [2, 1, 1, 1]
        s[jumps][1] = s[second]
        assert s[first].run().value == 2
        # The first call and 32 more of the program to itself.
        assert list(s[out].values()) == [3, 1, 34, 2]
        del s[jumps][0]
        assert s[first].run().value == 1
        assert list(s[out].values()) == [4, 2, 34, 2]
        with pytest.raises(KeyError):
            s[jumps][3] = second
        with pytest.raises(KeyError, match="no program of this session"):
            s[jumps][0] = touch


@pytest.mark.kernel
def test_a_place_takes_programs_of_one_kind(on: Target) -> None:
    if isinstance(on, Vm):
        return
    with load(first, other, on=on, attach=False) as s:
        with pytest.raises(LoadError, match="EINVAL") as caught:
            s[jumps][0] = other
        assert "of the kind" in caught.value.__notes__[0]


def test_perf_buffers(on: Target) -> None:
    with load(sends, on=on, attach=False) as s:
        s[sends].run()
        assert s[events].poll(timeout=0) == [Count(packets=1)]
        s[events].pause()
        s[sends].run()
        s[events].resume()
        assert s[events].dropped == 1
        assert s[events].lost is not None
        assert sorted(s[events].lost.values()) == [0] * (len(s[events].lost) - 1) + [1]


def test_declarations_are_not_live() -> None:
    for use in (jobs.pop, pile.peek, lambda: 3 in seen, lambda: seen.add(3)):
        with pytest.raises(NotLive, match="its live handle is"):
            use()


def test_every_kind_is_in_the_object_as_libbpf_takes_it(tmp_path: os.PathLike[str]) -> None:
    from kring import build

    obj = build(touch, first)
    path = os.path.join(tmp_path, "kinds.bpf.o")
    obj.write(path)
    from kring.obj.elf_read import from_elf

    with open(path, "rb") as file:
        again = from_elf(file.read(), "kinds")
    assert {
        m.name: (m.type, m.key_size, m.value_size, m.max_entries, m.flags) for m in again.maps
    } == {m.name: (m.type, m.key_size, m.value_size, m.max_entries, m.flags) for m in obj.maps}
