"""Programs of each kind on their hooks: attached, fired, and what they saw."""

from __future__ import annotations

import ctypes
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from kring import (
    Array,
    CgroupAction,
    Context,
    Hash,
    PerfEvent,
    Program,
    Registers,
    RingBuf,
    Skb,
    Struct,
    array,
    be16,
    bits,
    bpf_iter_meta,
    cgroup_skb,
    char,
    current,
    fentry,
    fexit,
    helpers,
    i32,
    i64,
    iterator,
    kprobe,
    load,
    lsm,
    perf_event,
    raw_tracepoint,
    sizeof,
    socket_filter,
    task_struct,
    tp_btf,
    u8,
    u16,
    u32,
    u64,
    unpack,
    uprobe,
    uretprobe,
    user_str,
)
from kring.errors import AttachError, LoadError, NotPermitted, NotSupported

pytestmark = pytest.mark.kernel

LIBC = "libc.so.6"


class Switch(Struct):
    pid: u32
    preempt: u8
    comm: str = char(16)


class Udp(Struct):
    sport: be16
    dport: be16
    length: be16
    check: be16


class IPv4(Struct):
    ihl: u8 = bits(4)
    version: u8 = bits(4)
    tos: u8
    rest: bytes = array(7)
    protocol: u8
    check: u16
    addresses: bytes = array(8)


class Call(Struct):
    base: u64
    text: str = char(32)


switches = RingBuf[Switch](1 << 16)
calls = RingBuf[Call](1 << 16)
results = Array[u64](8)
ports = Hash[u16, u64](max_entries=64)


@raw_tracepoint("sched_switch")
def raw(preempt: u8, prev: task_struct, next: task_struct) -> None:
    if current.tid != prev.pid:
        results[1] += 1
    if prev.tgid == results[0]:
        with switches.reserve() as e:
            e.pid = prev.tgid
            e.preempt = preempt
            e.comm = prev.comm


@tp_btf("sched_switch")
def typed(preempt: bool, prev: task_struct, next: task_struct, state: u32) -> None:
    if prev.tgid == results[0]:
        with switches.reserve() as e:
            e.pid = prev.tgid
            e.preempt = preempt
            e.comm = prev.comm


@tp_btf("sched_switch")
def by_name(ctx: Context) -> None:
    if ctx.prev.tgid == results[0]:
        with switches.reserve() as e:
            e.pid = ctx.prev.tgid
            e.preempt = ctx.preempt
            e.comm = ctx.prev.comm


@pytest.mark.parametrize("program", [raw, typed, by_name], ids=lambda p: p.name)
def test_switches_of_this_process(program: Program) -> None:
    with load(program) as s:
        s[results][0] = os.getpid()
        time.sleep(0.01)
        # Before it knew whom to watch, it saw the idle task.
        found = [e for e in s[switches].poll(timeout=2) if e.pid]
        assert {(e.pid, e.preempt) for e in found} == {(os.getpid(), 0)}
        assert Path("/proc/self/comm").read_text().strip() in {e.comm for e in found}
        if program is raw:
            assert s[results][1] == 0


@uprobe(LIBC, "strtoull")
def enter(text: u64, end: u64, base: i32) -> None:
    with calls.reserve() as e:
        e.base = base
        e.text = user_str(text)


@uretprobe(LIBC, "strtoull")
def leave(ret: i64) -> None:
    results[0] = ret


@uprobe(LIBC, "strtoull")
def registers(regs: Registers) -> None:
    results[1] = regs.dx
    results[2] = regs.ip


def test_calls_of_a_library_in_one_process() -> None:
    strtoull = ctypes.CDLL(None).strtoull
    strtoull.restype = ctypes.c_ulonglong
    with load(enter, leave, registers, pid=os.getpid()) as s:
        assert strtoull(b"1234", None, 10) == 1234
        subprocess.run(
            [sys.executable, "-c", "import ctypes; ctypes.CDLL(None).strtoull(b'9', None, 8)"],
            check=True,
        )
        found = s[calls].poll(timeout=1)
        assert [(e.base, e.text) for e in found] == [(10, "1234")]
        assert s[results][0] == 1234
        assert s[results][1] == 10
        address = ctypes.cast(strtoull, ctypes.c_void_p).value
        assert address is not None
        assert s[results][2] & 0xFFF == address & 0xFFF
    strtoull(b"77", None, 10)


def test_a_function_that_is_not_in_the_file() -> None:
    @uprobe(LIBC, "strtoul1")
    def nowhere() -> None:
        pass

    session = load(nowhere)
    with pytest.raises(AttachError, match=r"libc.so.6 has no function 'strtoul1'. Did you mean"):
        session.__enter__()


@perf_event("cpu-clock", frequency=1000)
def sample(ctx: PerfEvent) -> None:
    if current.pid == results[0]:
        results[1] = ctx.sample_period
        results[2] = ctx.regs.ip
        results[3] += 1


def test_samples_of_this_process() -> None:
    with load(sample) as s:
        s[results][0] = os.getpid()
        end = time.monotonic() + 2
        while time.monotonic() < end and s[results][3] < 20:
            pass
        assert s[results][3] >= 20
        assert s[results][1] > 0
        assert s[results][2] > 0


@cgroup_skb("egress")
def outgoing(ctx: Skb) -> CgroupAction:
    if (ip := ctx.packet.read(IPv4)) is None or ip.protocol != 17:
        return CgroupAction.ALLOW
    ctx.packet.skip(ip.ihl * 4 - 20)
    if (udp := ctx.packet.read(Udp)) is None:
        return CgroupAction.DROP
    ports[udp.dport] += len(ctx.packet)
    return CgroupAction.DROP if udp.dport == results[0] else CgroupAction.ALLOW


@cgroup_skb
def incoming(ctx: Skb) -> CgroupAction:
    results[1] += 1
    return CgroupAction.ALLOW


def test_packets_of_a_cgroup(cgroup: Path) -> None:
    receivers = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2)]
    for receiver in receivers:
        receiver.bind(("127.0.0.1", 0))
        receiver.settimeout(1)
    first, second = (receiver.getsockname()[1] for receiver in receivers)
    sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with load(outgoing, incoming, cgroup=str(cgroup)) as s:
        s[results][0] = second
        sender.sendto(b"hello", ("127.0.0.1", first))
        assert receivers[0].recv(100) == b"hello"
        with pytest.raises(PermissionError):
            sender.sendto(b"no", ("127.0.0.1", second))
        assert s[ports][first] == 33
        assert s[ports][second] == 30
        assert s[results][1] == 1
    sender.sendto(b"yes", ("127.0.0.1", second))
    assert receivers[1].recv(100) == b"yes"
    for each in (*receivers, sender):
        each.close()


def test_what_is_no_cgroup() -> None:
    for path, message in (("/tmp", "is no directory of a cgroup v2"), ("/no", "No such file")):
        session = load(incoming, cgroup=path)
        with pytest.raises(AttachError, match=message):
            session.__enter__()


@socket_filter
def first_four(ctx: Skb) -> int:
    if (udp := ctx.packet.read(Udp)) is None:
        return 0
    results[0] = udp.length
    return 8 + 4


def test_packets_of_a_socket() -> None:
    receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    receiver.bind(("127.0.0.1", 0))
    receiver.settimeout(1)
    sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with load(first_four) as s:
        s[first_four].attach(socket=receiver)
        sender.sendto(b"abcdefgh", receiver.getsockname())
        assert receiver.recv(100) == b"abcd"
        assert s[results][0] == 16
    receiver.close()
    sender.close()


class Task(Struct):
    pid: i32
    tgid: i32
    comm: str = char(16)


@iterator("task")
def tasks(meta: bpf_iter_meta, task: task_struct | None) -> None:
    if task is not None:
        row = Task(pid=task.pid, tgid=task.tgid, comm=task.comm)
        helpers.seq_write(meta.seq, row, sizeof(Task))


def test_all_tasks() -> None:
    with load(tasks) as s:
        for _ in range(2):
            data = s[tasks].read()
            size = sizeof(Task)
            found = [unpack(Task, data[at : at + size]) for at in range(0, len(data), size)]
            own = [task for task in found if task.tgid == os.getpid()]
            threads = {int(name) for name in os.listdir("/proc/self/task")}
            assert {task.pid for task in own} == threads
            comm = Path("/proc/self/comm").read_text().strip()
            assert comm in {task.comm for task in own}
    with load(first_four) as s, pytest.raises(AttachError, match="only an iterator can be read"):
        s[first_four].read()


@fentry("do_unlinkat")
def unlink(dfd: i32) -> None:
    results[0] = dfd


@fexit("do_unlinkat")
def unlinked(dfd: i32, name: object, ret: i32) -> None:
    results[0] = ret


@lsm("file_open")
def opened() -> int:
    return 0


@kprobe("do_unlinkat")
def probed(dfd: i32) -> None:
    results[0] = dfd


@pytest.mark.parametrize("program", [unlink, unlinked, opened], ids=lambda p: p.name)
def test_tracing_functions(program: Program) -> None:
    session = load(program)
    try:
        session.__enter__()
    except NotPermitted as error:
        pytest.skip(str(error))
    with pytest.raises(FileNotFoundError):
        os.unlink("/no/such/file/at/all")
    if program is not opened:
        assert session[results][0] in (2**64 - 100, 2**64 - 2)
    session.close()


def test_kprobe() -> None:
    session = load(probed)
    if not Path("/sys/bus/event_source/devices/kprobe").exists():
        with pytest.raises(NotSupported, match="this kernel has no kprobes"):
            session.__enter__()
        pytest.skip("this kernel has no kprobes")
    with session as s:
        with pytest.raises(FileNotFoundError):
            os.unlink("/no/such/file/at/all")
        assert s[results][0] == 2**64 - 100


def test_result_comes_after_all_arguments() -> None:
    @fexit("do_unlinkat")
    def short(dfd: i32, ret: i32) -> None:
        pass

    session = load(short)
    try:
        with pytest.raises(SyntaxError, match="its result comes after all of them"):
            session.__enter__()
    except LoadError as error:
        pytest.skip(str(error))
