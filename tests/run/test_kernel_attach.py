"""Programs on hooks of the running kernel, and tracepoints as tracefs describes them."""

from __future__ import annotations

import os
import signal
import struct
from pathlib import Path
from time import perf_counter

import pytest
from kernel_programs import RETURN_7, RING, load, open_before, open_fds, output, runtime

from kring.abi.tracepoints import TraceField
from kring.errors import AttachError, KringError
from kring.run.kernel import probes, syscall
from kring.run.kernel.kernel import KernelRuntime
from kring.run.kernel.syscall import Fds
from kring.run.kernel.tracefs import SEARCH, Tracefs, parse_format
from kring.run.target import LiveMap

FORMAT = """\
name: sched_process_exec
ID: 293
format:
\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;
\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;

\tfield:__data_loc char[] filename;\toffset:8;\tsize:4;\tsigned:0;
\tfield:char comm[16];\toffset:12;\tsize:16;\tsigned:0;
\tfield:const char * file;\toffset:32;\tsize:8;\tsigned:0;
\tfield:void *ptr;\toffset:40;\tsize:8;\tsigned:0;
\tfield:u8 mac[4 * 2];\toffset:48;\tsize:8;\tsigned:0;

print fmt: "filename=%s field:x", __get_str(filename)
"""


def test_parse_format() -> None:
    assert parse_format(FORMAT) == [
        TraceField("common_type", "unsigned short", 0, 2, False),
        TraceField("common_pid", "int", 4, 4, True),
        TraceField("filename", "__data_loc char[]", 8, 4, False),
        TraceField("comm", "char[16]", 12, 16, False),
        TraceField("file", "const char *", 32, 8, False),
        TraceField("ptr", "void *", 40, 8, False),
        TraceField("mac", "u8[4 * 2]", 48, 8, False),
    ]


def produced(ring: LiveMap) -> int:
    return ring.ring().producer[0]


def exec_something() -> None:
    """An exec in a child, without the shell."""
    os.waitpid(os.posix_spawn("/bin/true", ["true"], {}), 0)


@pytest.mark.kernel
@pytest.mark.parametrize("section", ["tp/sched/sched_process_exec", "raw_tp/sched_process_exec"])
def test_attach_fire_detach(section: str) -> None:
    with runtime() as rt:
        ring = rt.create_map(RING)
        link = load(rt, section, output(ring.fd)).attach()
        exec_something()
        count = produced(ring)
        assert count > 0
        link.close()
        link.close()
        exec_something()
        assert produced(ring) == count


@pytest.mark.kernel
def test_closing_the_runtime_detaches() -> None:
    before = open_before()
    with runtime() as rt:
        load(rt, "tp/sched/sched_process_exec", RETURN_7).attach()
    assert open_fds() == before


@pytest.mark.kernel
def test_kernels_without_perf_links_attach_by_ioctl(monkeypatch: pytest.MonkeyPatch) -> None:
    original = probes.bpf_open

    def without_links(fds: Fds, command: int, attr: bytes) -> int:
        if command == syscall.LINK_CREATE:
            raise OSError(22, "Invalid argument")
        return original(fds, command, attr)

    monkeypatch.setattr(probes, "bpf_open", without_links)
    with runtime() as rt:
        ring = rt.create_map(RING)
        link = load(rt, "tp/sched/sched_process_exec", output(ring.fd)).attach()
        exec_something()
        count = produced(ring)
        assert count > 0
        link.close()
        exec_something()
        assert produced(ring) == count


@pytest.mark.kernel
@pytest.mark.parametrize(
    ("section", "message"),
    [
        ("tp/sched/sched_process_exce", "no tracepoint sched:sched_process_exce. Did you mean"),
        ("tp/sched/sched_process_exce", r"Did you mean sched:sched_process_exec\?"),
        ("tp/shed/sched_process_exec", r"Did you mean sched:sched_process_exec\?"),
        ("tp/sched_process_exec", r"category:event, got .* Did you mean sched:sched_process_exec"),
        ("tp/../../etc", "named category:event"),
        ("tp", "names no tracepoint"),
        ("raw_tp/sched_process_exce", r"no raw tracepoint .* Did you mean sched_process_exec\?"),
        ("raw_tp/sys_entr", r"Did you mean sys_enter\?"),
        ("syscall", "is a syscall program, which has no hook"),
        ("socket", "is a socket_filter program"),
    ],
)
def test_hooks_that_are_not_there(section: str, message: str) -> None:
    before = open_before()
    with runtime() as rt, pytest.raises(AttachError, match=message):
        load(rt, section, RETURN_7).attach()
    assert open_fds() == before


@pytest.mark.kernel
def test_fields_of_a_tracepoint() -> None:
    with runtime() as rt:
        fields = {field.name: field for field in rt.tracepoint("sched:sched_process_exec")}
    assert fields["filename"].type == "__data_loc char[]"
    assert fields["common_type"] == TraceField("common_type", "unsigned short", 0, 2, False)


@pytest.mark.kernel
def test_an_unmounted_tracefs_is_mounted_for_us_alone(tmp_path: Path) -> None:
    mounts = Path("/proc/self/mounts").read_text()
    fds = Fds()
    try:
        tracefs = Tracefs(fds, (str(tmp_path), str(tmp_path / "missing")))
        assert tracefs.event_id("sched:sched_process_exec") > 0
        assert tracefs.place == ""
        assert Path("/proc/self/mounts").read_text() == mounts
    finally:
        fds.close()
    assert list(tmp_path.iterdir()) == []


def test_a_mounted_tracefs_is_used(tmp_path: Path) -> None:
    event = tmp_path / "events" / "sched" / "sched_process_exec"
    event.mkdir(parents=True)
    (event / "id").write_text("293\n")
    (event / "format").write_text(FORMAT)
    fds = Fds()
    try:
        tracefs = Tracefs(fds, (*SEARCH[:0], str(tmp_path / "missing"), str(tmp_path)))
        assert tracefs.event_id("sched:sched_process_exec") == 293
        assert tracefs.fields("sched:sched_process_exec") == parse_format(FORMAT)
        assert tracefs.place == str(tmp_path)
        assert list(tracefs.names()) == ["sched:sched_process_exec"]
    finally:
        fds.close()


@pytest.mark.kernel
def test_an_interrupt_at_any_moment_leaves_nothing_open() -> None:
    """Ctrl-C lands anywhere between the first map and the last link."""

    class Interrupt(BaseException):
        pass

    def interrupt(*_: object) -> None:
        raise Interrupt

    took = time_to_life()
    previous = signal.signal(signal.SIGALRM, interrupt)
    before = open_before()
    finished = 0
    try:
        for step in range(150):
            with runtime() as rt:
                try:
                    signal.setitimer(signal.ITIMER_REAL, 10e-6 + step * took / 75)
                    bring_to_life(rt)
                    finished += 1
                    signal.setitimer(signal.ITIMER_REAL, 0)
                except (Interrupt, KringError):
                    signal.setitimer(signal.ITIMER_REAL, 0)
            assert open_fds() == before
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)
    assert 0 < finished < 150


def time_to_life() -> float:
    """Seconds that it takes without an interrupt, on a machine that has other things to do."""
    times: list[float] = []
    for _ in range(5):
        with runtime() as rt:
            begin = perf_counter()
            bring_to_life(rt)
            times.append(perf_counter() - begin)
    return min(times)


def bring_to_life(rt: KernelRuntime) -> None:
    ring = rt.create_map(RING)
    ring.ring()
    rt.tracepoint("sched:sched_process_exec")
    load(rt, "tp/sched/sched_process_exec", output(ring.fd)).attach()
    rt.waiter([ring])


@pytest.mark.kernel
def test_kernel_types_are_read_once() -> None:
    with runtime() as rt:
        types = rt.btf
        assert types is not None
        assert types.find("task_struct") is not None
        assert rt.btf is types


def test_types_from_a_file(tmp_path: Path) -> None:
    from kring.btf.types import Int
    from kring.btf.write import Builder
    from kring.errors import ObjectError
    from kring.obj.object import Object
    from kring.run.kernel.kernel import Kernel

    types = Builder()
    types.add(Int("only_here", 4, 32))
    raw = tmp_path / "types.btf"
    raw.write_bytes(types.bytes())
    found = Kernel(str(raw)).open(Object("test", ())).btf
    assert found is not None
    assert found.find("only_here") == 1
    with pytest.raises(FileNotFoundError):
        _ = Kernel(str(tmp_path / "missing")).open(Object("test", ())).btf
    raw.write_bytes(struct.pack("<I", 12345))
    with pytest.raises(ObjectError):
        _ = Kernel(str(raw)).open(Object("test", ())).btf
