"""Maps in the running kernel."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kernel_programs import RETURN_7, RING, code, load, open_before, open_fds, runtime, u32, u64

from kring.abi.uapi import BPF_EXIST, BPF_F_RDONLY_PROG, BPF_NOEXIST, MapType
from kring.btf.types import Int
from kring.btf.write import Builder
from kring.errors import KringWarning, LoadError, StreamError
from kring.obj.object import Map, Object
from kring.run.kernel.cpus import parse_cpus, possible_cpus
from kring.run.kernel.maps import kernel_name
from kring.run.kernel.shapes import wanted

pytestmark = pytest.mark.kernel

HASH = Map("h", MapType.HASH, 4, 8, 4)


@pytest.mark.parametrize(
    ("text", "count"), [("0\n", 1), ("0-1\n", 2), ("0-3,8-11\n", 12), ("0,2", 3)]
)
def test_possible_cpus_counts_ids(text: str, count: int) -> None:
    assert parse_cpus(text) == count


@given(st.text())
def test_any_name_becomes_one_the_kernel_takes(name: str) -> None:
    made = kernel_name(name)
    assert len(made) <= 15
    assert all(chr(c).isalnum() or chr(c) in "_." for c in made)


def test_hash() -> None:
    with runtime() as rt:
        h = rt.create_map(HASH)
        assert h.lookup(u32(1)) is None
        assert not h.update(u32(1), u64(5), BPF_EXIST)
        assert h.update(u32(1), u64(5))
        assert not h.update(u32(1), u64(6), BPF_NOEXIST)
        assert h.lookup(u32(1)) == u64(5)
        assert all(h.update(u32(n), u64(n)) for n in (2, 3, 4))
        assert not h.update(u32(5), u64(5))  # full
        assert sorted(h.keys()) == [u32(n) for n in (1, 2, 3, 4)]
        for key in h.keys():  # noqa: SIM118, it is no dict
            assert h.delete(key)
        assert list(h.keys()) == []
        assert not h.delete(u32(1))


def test_deleting_the_current_key_repeats_none() -> None:
    with runtime() as rt:
        h = rt.create_map(HASH)
        assert all(h.update(u32(n), u64(n)) for n in range(4))
        seen: list[bytes] = []
        for key in h.keys():  # noqa: SIM118, it is no dict
            seen.append(key)
            if len(seen) == 3:
                h.delete(key)
        assert sorted(seen) == [u32(n) for n in range(4)]


def test_wrong_lengths_never_reach_the_kernel() -> None:
    with runtime() as rt:
        h = rt.create_map(HASH)
        with pytest.raises(ValueError, match='"h": a key is 4 bytes, got 3'):
            h.lookup(b"abc")
        with pytest.raises(ValueError, match="a value is 8 bytes, got 4"):
            h.update(u32(1), u32(1))


def test_per_cpu_values_are_one_for_each_possible_cpu() -> None:
    with runtime() as rt:
        m = rt.create_map(Map("m", MapType.PERCPU_ARRAY, 4, 4, 2))
        value = b"".join(u64(cpu + 1) for cpu in range(possible_cpus()))
        assert m.update(u32(1), value)
        assert m.lookup(u32(1)) == value
        assert m.lookup(u32(0)) == bytes(len(value))


def test_what_a_map_cannot_do_is_an_error() -> None:
    with runtime() as rt:
        array = rt.create_map(Map("a", MapType.ARRAY, 4, 8, 1))
        with pytest.raises(LoadError, match=r'EINVAL: map "a" \(ARRAY\)'):
            array.delete(u32(0))
        with pytest.raises(StreamError, match="no ring buffer: ARRAY"):
            array.ring()


def test_globals_hold_their_initial_data() -> None:
    with runtime() as rt:
        data = rt.create_map(Map(".data", MapType.ARRAY, 4, 12, 1, data=b"hello, world"))
        assert data.lookup(u32(0)) == b"hello, world"
        assert data.update(u32(0), b"other  bytes")


def test_read_only_data_is_constant_to_the_verifier() -> None:
    """Dead code behind a constant may be nonsense: the verifier knows that it is dead."""
    spec = Map(".rodata", MapType.ARRAY, 4, 4, 1, BPF_F_RDONLY_PROG, data=u32(0))
    with runtime() as rt:
        constants = rt.create_map(spec)
        text = f"""
            lddw r1, map_value({constants.fd}, 0)
            ldxw r2, [r1+0]
            mov r0, 7
            jeq r2, 0, +1
            ldxdw r0, [r0+0]
            exit
        """
        assert load(rt, "syscall", code(text)).run().value == 7


def test_ring_sizes() -> None:
    with runtime() as rt:
        for size, valid in ((5000, 8192), (0, 4096), (1024, 4096), (8191, 8192)):
            spec = Map("events", MapType.RINGBUF, max_entries=size)
            with pytest.raises(LoadError, match=f'"events": {size} bytes .* valid size is {valid}'):
                rt.create_map(spec)


def test_ring_memory() -> None:
    with runtime() as rt:
        ring = rt.create_map(RING)  # its value size is dropped
        memory = ring.ring()
        assert ring.ring() is memory
        assert (len(memory.data), memory.size) == (8192, 4096)
        assert (memory.consumer[0], memory.producer[0]) == (0, 0)
        memory.consumer[0] = 0
        with pytest.raises(TypeError):
            memory.data[0] = 1


def test_perf_event_array_gets_a_slot_for_each_cpu() -> None:
    with runtime() as rt:
        rt.create_map(Map("perf", MapType.PERF_EVENT_ARRAY, 4, 4, 0))


def test_types_are_shown_and_a_map_whose_types_are_refused_works() -> None:
    types = Builder()
    word, double = types.add(Int("u32", 4, 32)), types.add(Int("u64", 8, 64))
    obj = Object("test", (), btf=types.bytes())
    with runtime(obj) as rt:
        rt.create_map(Map("good", MapType.HASH, 4, 8, 4, key_type=word, value_type=double))
        bad = rt.create_map(Map("bad", MapType.HASH, 4, 8, 4, key_type=double, value_type=double))
        assert bad.update(u32(1), u64(1))


def test_types_the_kernel_cannot_read_are_left_out_and_that_is_said() -> None:
    types = Builder()
    word = types.add(Int("u32", 4, 32))
    broken = bytearray(types.bytes())
    broken[24 + 4 + 3] = 0x1F  # a kind nobody knows
    said = pytest.warns(KringWarning, match=r"EINVAL: the kernel refused the object's types .*kind")
    with runtime(Object("test", (), btf=bytes(broken))) as rt, said as told:
        live = rt.create_map(Map("m", MapType.HASH, 4, 4, 4, key_type=word, value_type=word))
        assert live.update(u32(1), u32(1))
        rt.create_map(Map("n", MapType.HASH, 4, 4, 4, key_type=word, value_type=word))
    assert [one.filename for one in told] == [__file__]


def test_a_size_the_kernel_refuses_is_shown() -> None:
    said = pytest.raises(LoadError, match=r'EINVAL: creating map "h" \(HASH, key 0 bytes')
    with runtime() as rt, said:
        rt.create_map(Map("h", MapType.HASH, 0, 8, 4))


def test_each_type_of_map_has_words_for_what_it_wants() -> None:
    assert all(wanted(type) for type in MapType)


def test_close_gives_everything_back() -> None:
    before = open_before()
    with runtime() as rt:
        ring = rt.create_map(RING)
        memory = ring.ring()
        h = rt.create_map(HASH)
        program = load(rt, "syscall", RETURN_7)
        rt.waiter([ring])
        rt.tracepoint("sched:sched_process_exec")
        assert open_fds() > before
    assert open_fds() == before
    with pytest.raises(ValueError, match="released"):
        memory.producer[0]
    rt.close()
    with pytest.raises(LoadError, match='map "h" is gone: its session has ended'):
        h.lookup(u32(1))
    with pytest.raises(LoadError, match='program "prog" is gone'):
        program.run()
    with pytest.raises(LoadError, match="closed"):
        rt.create_map(HASH)


def test_a_slice_that_outlives_the_runtime_is_safe() -> None:
    with runtime() as rt:
        held = rt.create_map(RING).ring().data[:8]
    assert bytes(held) == bytes(8)
