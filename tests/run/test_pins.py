"""Maps, programs and links with names in the BPF file system, opened again in other processes."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from kring import (
    Array,
    Hash,
    LpmTrie,
    PerCpuArray,
    PerfBuf,
    ProgArray,
    Queue,
    RingBuf,
    StackTraces,
    Struct,
    Vm,
    be32,
    char,
    current,
    load,
    pinned,
    raw_tracepoint,
    statistics,
    syscall,
    tracepoint,
    u32,
    u64,
    unpack,
)  # fmt: skip
from kring.abi.uapi import MapType
from kring.errors import AttachError, LoadError, NotLive, NotPermitted, NotSupported
from kring.obj.object import Map, Object

pytestmark = pytest.mark.kernel


class Called(Struct):
    pid: u32
    comm: str = char(16)


class Route(Struct):
    prefixlen: u32
    address: be32


calls = RingBuf[Called](4096)
sent = PerfBuf[Called](4096)
counts = Hash[u32, u64](max_entries=8)
each = PerCpuArray[u64](3)
slots = Array[Called](2)
routes = LpmTrie[Route, u32](max_entries=4)
line = Queue[u32](4)
traces = StackTraces(16)
jumps = ProgArray(2)


@syscall
def note() -> int:
    calls.output(Called(pid=current.pid, comm=current.comm))
    counts[7] += 1
    each[1] += 1
    slots[1] = Called(pid=5, comm="five")
    line.push(4)
    return 0


@raw_tracepoint("sys_enter")
def send() -> None:
    sent.output(Called(pid=3))


@raw_tracepoint("sys_enter")
def on_call() -> None:
    counts[1] += 1
    traces.id()
    routes.get(Route(prefixlen=8, address=0), 0)
    jumps.tail_call(0)


@raw_tracepoint("bpf_trace_printk")
def echo() -> None:
    # Printing is what the program is attached to.
    print("again")


@syscall
def shout() -> None:
    print("once")


@tracepoint("sched:sched_process_exec")
def on_exec() -> None:
    counts[2] += 1


@pytest.fixture
def pins() -> Iterator[Path]:
    """A directory in the BPF file system, removed with all that is in it."""
    folder = Path(f"/sys/fs/bpf/kring-test-{os.getpid()}")
    try:
        folder.mkdir()
    except OSError as error:
        pytest.skip(f"no BPF file system to write to: {error}")
    yield folder
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()


def elsewhere(text: str, *args: object) -> str:
    """What another process prints."""
    code = "from kring import *\nimport sys\n" + text
    words = [sys.executable, "-c", code, *map(str, args)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_a_ring_is_read_in_another_process(pins: Path) -> None:
    with load(note) as s:
        s[calls].pin(pins / "calls")
        s[note].run()
        s[note].run()
        read = """
class Called(Struct):
    pid: u32
    comm: str = char(16)
with pinned(sys.argv[1], RingBuf[Called]) as ring:
    print(len(ring.poll(0)), ring.info().max_entries, ring.dropped)
    try:
        ring.info()
        print(ring.poll(0))
    finally:
        ring.unpin()
"""
        assert elsewhere(read, pins / "calls").split() == ["2", "4096", "None", "[]"]
        assert s[calls].poll(0) == []
        assert not (pins / "calls").exists()


def test_maps_of_all_kinds_outlive_their_session(pins: Path) -> None:
    with load(note, on_call, attach=False) as s:
        s[note].run()
        s[routes][Route(prefixlen=8, address=0x0A000000)] = 3
        for name, live in s.maps.items():
            if not name.startswith("kring"):
                live.pin(pins / name)
        with pytest.raises(LoadError, match="something is pinned there already"):
            s[counts].pin(pins / "counts")
    with pytest.raises(LoadError, match="gone"):
        s[counts].pin(pins / "late")
    with pinned(pins / "counts", Hash[u32, u64]) as found:
        assert dict(found) == {7: 1}
        found[8] = 2
    with pytest.raises(LoadError, match="gone"):
        found[8]
    assert pinned(pins / "counts", Hash[u32, u64])[8] == 2
    with pinned(pins / "each", PerCpuArray[u64]) as per_cpu:
        assert per_cpu.sum(1) == 1
        assert len(per_cpu) == 3
    with pinned(pins / "slots", Array[Called]) as array:
        assert array[1] == Called(pid=5, comm="five")
    with pinned(pins / "routes", LpmTrie[Route, u32]) as trie:
        assert trie[Route(prefixlen=32, address=0x0A010203)] == 3
    with pinned(pins / "line", Queue[u32]) as queue:
        assert queue.pop() == 4
    with pinned(pins / "traces", StackTraces) as stacks:
        assert dict(stacks) == {}
    with pinned(pins / "jumps", ProgArray) as places:
        assert len(places) == 2
    with pinned(pins / "calls", RingBuf[Called]) as ring:
        (record,) = ring.poll(0)
        assert record.comm
    with pytest.raises(NotLive):
        ring.poll(0)


def test_a_perf_buffer_belongs_to_who_opened_it_last(pins: Path) -> None:
    with load(send, attach=False) as s:
        s[send].run()
        assert [each.pid for each in s[sent].poll(1)] == [3]
        s[sent].pin(pins / "sent")
        with pinned(pins / "sent", PerfBuf[Called]) as buffers:
            s[send].run()
            assert [each.pid for each in buffers.poll(1)] == [3]
            assert buffers.dropped == 0
        assert s[sent].poll(0) == []


def test_types_are_those_that_the_maps_maker_gave_it(pins: Path) -> None:
    with load(note) as s:
        s[note].run()
        for name, handle in (("slots", s[slots]), ("each", s[each]), ("calls", s[calls])):
            handle.pin(pins / name)
        with pinned(pins / "slots") as found:
            record = found[1]
            assert (type(record).__name__, record.pid, record.comm) == ("Called", 5, "five")
        with pinned(pins / "each") as found:
            assert sum(found[1]) == 1
        with pinned(pins / "calls") as ring:
            (data,) = ring.poll(0)
            assert unpack(Called, data).pid == os.getpid()


def test_a_map_that_its_object_shares_by_name_can_be_unpinned() -> None:
    name = f"kring_test_{os.getpid()}"
    shared = Map(name, MapType.HASH, 4, 8, 4, pinned=True)
    path = Path("/sys/fs/bpf", name)
    key, value = (1).to_bytes(4, "little"), (5).to_bytes(8, "little")
    try:
        with load(Object("o", (), (shared,))) as s:
            s.maps[name][key] = value
        assert path.exists()
        with load(Object("o", (), (shared,))) as s:
            assert s.maps[name][key] == value
            s.maps[name].unpin()
        assert not path.exists()
    finally:
        path.unlink(missing_ok=True)


def test_what_is_there_is_held_against_what_is_asked_for(pins: Path) -> None:
    with load(note) as s:
        s[counts].pin(pins / "counts")
        s[note].pin(pins / "note")
        with pytest.raises(LoadError, match=r"counts is a map of another kind: HASH, no RingBuf"):
            pinned(pins / "counts", RingBuf[Called])
        with pytest.raises(LoadError, match=r"a key of 4 bytes; that of Hash\[…\] has 8"):
            pinned(pins / "counts", Hash[u64, u64])
        with pytest.raises(LoadError, match=r"a value of 8 bytes; that of Hash\[…\] has 20"):
            pinned(pins / "counts", Hash[u32, Called])
        with pytest.raises(LoadError, match="note is a program, no map"):
            pinned(pins / "note", Hash[u32, u64])
        with pytest.raises(TypeError, match="no kind of map"):
            pinned(pins / "counts", int)  # type: ignore[call-overload]


def test_paths_that_cannot_be(pins: Path, tmp_path: Path) -> None:
    with load(note) as s:
        with pytest.raises(LoadError, match=rf"{tmp_path} is in no BPF file system"):
            s[counts].pin(tmp_path / "counts")
        with pytest.raises(LoadError, match="/proc is in no BPF file system"):
            s[counts].pin("/proc/x")
        with pytest.raises(LoadError, match="it is no map, program or link"):
            pinned(pins)
        with pytest.raises(LoadError, match=r"there is no directory .*/lost"):
            s[counts].pin(pins / "lost" / "counts")
        with pytest.raises(LoadError, match="names there cannot have dots"):
            s[counts].pin(pins / "a.b")
        with pytest.raises(LoadError, match="is no path"):
            s[counts].pin("a\0b")
        with pytest.raises(LoadError, match="nothing is pinned there"):
            pinned(pins / "nothing", Hash[u32, u64])
        (tmp_path / "file").touch()
        with pytest.raises(LoadError, match="it is in no BPF file system"):
            pinned(tmp_path / "file", Hash[u32, u64])
        s[counts].pin(pins / "counts")
        s[counts].unpin()
        s[counts].unpin()
        assert not list(pins.iterdir())


def test_a_pin_that_others_may_not_open(pins: Path) -> None:
    with load(note) as s:
        s[counts].pin(pins / "counts")
        code = f"""
import os
os.setuid(65534)
try:
    pinned({str(pins / "counts")!r}, Hash[u32, u64])
except NotPermitted as error:
    print(error)
"""
        assert "forbids it" in elsewhere(code)


def test_a_pinned_link_stays_attached(pins: Path) -> None:
    with load(on_exec) as s:
        (link,) = s[on_exec].links
        assert link.info().program == s[on_exec].info().id
        assert link.info().type == "perf_event"
        link.pin(pins / "link")
        s[counts].pin(pins / "counts")
    with pinned(pins / "counts", Hash[u32, u64]) as found:
        before = found.get(2, 0)
        subprocess.run(["/bin/true"], check=True)
        assert found[2] > before
        with pinned(pins / "link") as link:
            assert link.info().type == "perf_event"
            link.unpin()
        after = found[2]
        subprocess.run(["/bin/true"], check=True)
        assert found[2] == after


def test_detaching_takes_the_links_names_away(pins: Path) -> None:
    with load(on_call, attach=False) as s:
        link = s[on_call].attach()
        link.pin(pins / "link")
        assert s[on_call].links == (link,)
        assert link.info().type == "raw_tracepoint"
        os.getppid()
        assert s[counts][1] > 0
        s[on_call].detach()
        assert not (pins / "link").exists()
        before = s[counts][1]
        os.getppid()
        assert s[counts][1] == before
        with pytest.raises(NotSupported, match="detached"):
            link.pin(pins / "link")


def test_a_program_outlives_its_session(pins: Path) -> None:
    with load(note, on_exec, attach=False) as s:
        s[note].pin(pins / "note")
        s[on_exec].pin(pins / "on_exec")
        s[counts].pin(pins / "counts")
        tag = s[note].info().tag
    with pinned(pins / "note") as program:
        assert program.name == "note"
        assert program.info().tag == tag
        assert program.run().value == 0
        program.unpin()
    with pytest.raises(LoadError, match="gone"):
        program.run()
    with pinned(pins / "on_exec") as program, pinned(pins / "counts", Hash[u32, u64]) as found:
        with pytest.raises(AttachError):
            program.attach()
        program.attach(target="sched:sched_process_exec")
        subprocess.run(["/bin/true"], check=True)
        assert found[2] > 0


def test_facts_of_maps_and_programs() -> None:
    with load(note) as s:
        info = s[counts].info()
        assert (info.name, info.type.name, info.key_size, info.value_size) == (
            "counts", "HASH", 4, 8,
        )  # fmt: skip
        assert info.max_entries == 8
        assert info.memory > 0
        assert info.id in s[note].info().maps
        assert s[calls].info().type.name == "RINGBUF"
        program = s[note].info()
        assert (program.name, program.type, program.uid) == ("note", "syscall", os.getuid())
        assert program.slots >= s[note].slots
        assert len(program.tag) == 16
        assert program.jited_size > 0
        assert program.insns_processed > 0
        assert abs(program.loaded - os.stat("/proc/self").st_ctime) < 3600


def test_runs_are_counted_while_somebody_asks() -> None:
    with load(on_call) as s:
        os.getppid()
        assert s[on_call].stats().run_count == 0
        with statistics():
            for _ in range(100):
                os.getppid()
            stats = s[on_call].stats()
        assert stats.run_count >= 100
        assert stats.run_time_ns > stats.run_count
        later = s[on_call].stats().run_count
        os.getppid()
        assert s[on_call].stats().run_count == later
        assert stats.missed == 0


def test_runs_that_the_kernel_skips_are_counted_always() -> None:
    with load(echo, shout) as s:
        for _ in range(5):
            s[shout].run()
        assert s[echo].stats().missed == 5
        assert s[echo].stats().run_count == 0
        assert s[shout].stats().missed == 0


def test_the_vm_knows_and_keeps_nothing_beyond_itself() -> None:
    with load(note, on_exec, on=Vm()) as s:
        s[note].run()
        s[note].run()
        assert s[note].stats().run_count == 2
        assert s[note].info().name == "note"
        assert s[counts].info().max_entries == 8
        assert s[on_exec].links[0].info().type == "tracepoint"
        for handle in (s[counts], s[calls], s[note], s[on_exec].links[0]):
            with pytest.raises(NotSupported, match="the VM, and cannot be pinned"):
                handle.pin("/sys/fs/bpf/kring-vm")
            handle.unpin()


def test_counting_runs_takes_a_privilege() -> None:
    code = """
import os
os.setuid(65534)
try:
    with statistics():
        pass
except NotPermitted as error:
    print(error)
"""
    assert "CAP_SYS_ADMIN" in elsewhere(code)
    assert issubclass(NotPermitted, PermissionError)
