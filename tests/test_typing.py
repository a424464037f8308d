"""User programs are clean under pyright strict and mypy --strict, without a word of help."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SHARED = ROOT.parent / "shared" / "programs"
SURFACE = """
from kring import (
    Array, Discard, Hash, PerCpuHash, RingBuf, Struct, Vm, be16, char, current, load, pinned,
    statistics, syscall, u32, u64,
)


class Key(Struct):
    port: be16


class Event(Struct):
    pid: u32
    comm: str = char(16)


events = RingBuf[Event](4096)
counts = Hash[u32, u64](max_entries=8)
ports = PerCpuHash[Key, u64](max_entries=8)
totals = Array[u64](2)


@syscall
def program() -> int:
    if (n := counts.get(current.pid)) is not None and n > 3:
        counts[current.pid] += 1
    ports[Key(port=80)] += 1
    totals[0] += counts.get(1, 0)
    if (e := events.try_reserve()) is not None:
        e.pid = 1
        events.submit(e)
    with events.reserve() as e:
        e.comm = current.comm
        if e.pid:
            raise Discard
    return 3 if events.output(Event(pid=1, comm="x")) else 0


with load(program, on=Vm()) as s:
    value: int = s[program].run().value
    for event in s[events]:
        text: str = event.comm
    lost: int | None = s[events].dropped
    entry: int = s[counts][3]
    each: list[int] = s[ports][Key(port=80)]
    taken: dict[int, int] = s[counts].drain()
    s[counts].update({1: 2})
    memory: int = s[counts].info().memory
    runs: int = s[program].stats().run_count
    s[program].attach().pin("/sys/fs/bpf/link")
    total: int = s[totals][0]
with pinned("/sys/fs/bpf/events", RingBuf[Event]) as ring, statistics():
    pids: list[int] = [event.pid for event in ring.poll(1)]
stored: int | None = pinned("/sys/fs/bpf/counts", Hash[u32, u64]).get(3)
cpus: list[int] = pinned("/sys/fs/bpf/ports", PerCpuHash[Key, u64])[Key(port=80)]
"""
FOREIGN = """
from pathlib import Path

import kring
from kring import Object, ObjectError, Struct, Vm, char, i32, load


class Event(Struct):
    pid: i32
    comm: str = char(16)


def opened(path: str | Path) -> Object:
    try:
        obj = kring.open(path)
    except ObjectError as error:
        raise SystemExit(str(error)) from None
    return obj.replace(rodata={"limit": 3}, sizes={"events": 8192}, autoload={"on_exit": False})


with load(opened("x.bpf.o"), on=Vm(), records={"events": Event}) as s:
    for event in s.maps["events"]:
        print(event.pid)
    s.maps["flows"][{"id": 2}] = {"state": "GONE"}
    s.globals["mode"].value = "GONE"
    value: int = s.programs["fill"].run().value
lisp = kring.open("x.lisp")
made: type[Struct] = lisp.structs["conn-event"]
with load(lisp, on=Vm()) as s:
    for event in s[lisp["events"]]:
        print(event.pid, isinstance(event, made))
    total: int = s[lisp.map("counts")][3]
    same: int = s[lisp.program("fill")].run().value
    s[lisp["fill"]].detach()
    for name, kind in opened(Path("x.bpf.o")).variables().items():
        print(name, kind.size, value)
"""
KERNEL = """
from kring import (
    Array, Hash, Struct, Xdp, XdpAction, char, current, helpers, i32, kfunc, sizeof, syscall,
    task_struct, u32, u64, xdp,
)
from kring.helpers import get_prandom_u32


class Line(Struct):
    text: str = char(16)


counts = Hash[u32, u64](max_entries=8)
out = Array[u64](4)


@kfunc
def bpf_task_from_pid(pid: i32) -> task_struct | None: ...
@kfunc
def bpf_task_release(p: task_struct) -> None: ...


@xdp
def drop_some(ctx: Xdp) -> XdpAction:
    line = Line(text="")
    if helpers.xdp_load_bytes(ctx, 0, line, sizeof(Line)) < 0:
        return XdpAction.DROP
    if get_prandom_u32() & 1:
        return XdpAction.DROP
    return XdpAction.PASS


@syscall
def look() -> int:
    line = Line(text="")
    helpers.get_current_comm(line.text, 16)
    found = helpers.map_lookup_elem(counts, 1)
    if found is not None:
        helpers.map_update_elem(counts, 1, found + 1, 0)
    task = bpf_task_from_pid(current.pid)
    if task is not None:
        out[0] = task.pid
        bpf_task_release(task)
    helpers.probe_read_kernel(line, sizeof(Line), helpers.get_current_task())
    return helpers.get_current_task_btf().pid
"""
KINDS = """
from kring import (
    Array, CgroupAction, Context, PerfEvent, Registers, Skb, Struct, TcAction, Vm, Xdp, XdpAction,
    be16, bpf_iter_meta, cgroup_skb, fentry, fexit, helpers, i32, iterator, kprobe, kretprobe, load,
    lsm, perf_event, raw_tracepoint, sizeof, socket_filter, task_struct, tc, tp_btf, u8, u32, u64,
    uprobe, uretprobe, usdt, xdp,
)


class Ports(Struct):
    source: be16
    target: be16


out = Array[u64](4)


@raw_tracepoint("sched_switch")
def raw(preempt: u8, prev: task_struct, next: task_struct, state: u32) -> None:
    out[0] = prev.tgid


@raw_tracepoint("sched_switch")
def by_name(ctx: Context) -> None:
    out[0] = ctx.preempt


@tp_btf("sched_switch")
def typed(preempt: u8, prev: task_struct) -> None:
    out[0] = prev.real_parent.tgid


@fentry("do_unlinkat")
def entry(dfd: i32) -> None:
    out[0] = dfd


@fexit("do_unlinkat")
def leave(dfd: i32, name: object, ret: i32) -> None:
    out[0] = ret


@kprobe("do_unlinkat")
def probe(regs: Registers) -> None:
    out[0] = regs.di


@kretprobe("do_unlinkat")
def returned(ret: i32) -> None:
    out[0] = ret


@uprobe("libc.so.6", "malloc")
def user(size: u64) -> None:
    out[0] = size


@uretprobe("libc.so.6", "malloc")
def user_returned(address: u64) -> None:
    out[0] = address


@perf_event("cpu-clock", frequency=99)
def sample(ctx: PerfEvent) -> None:
    out[0] = ctx.sample_period + ctx.regs.ip


@lsm("file_open")
def opened() -> int:
    return -1 if out[0] else 0


@usdt("libc.so.6", "libc", "setjmp")
def jump(buffer: u64, value: i32, pc: u64) -> None:
    out[0] = value


@iterator("task")
def tasks(meta: bpf_iter_meta, task: task_struct | None) -> None:
    if task is not None:
        helpers.seq_write(meta.seq, Ports(source=1, target=2), sizeof(Ports))


@xdp
def device(ctx: Xdp) -> XdpAction:
    return XdpAction.PASS if ctx.rx_queue_index else XdpAction.DROP


@tc
def ingress(ctx: Skb) -> TcAction:
    if (ports := ctx.packet.read(Ports)) is None or ports.target == 53:
        return TcAction.SHOT
    ctx.mark = 3
    ctx.priority += 1
    return TcAction.OK


@tc("egress")
def egress(ctx: Skb) -> TcAction:
    return TcAction.OK if ctx.protocol == 0x0800 else TcAction.SHOT


@cgroup_skb
def received(ctx: Skb) -> CgroupAction:
    return CgroupAction.ALLOW if len(ctx.packet) < 9000 else CgroupAction.DROP


@cgroup_skb("egress")
def sent() -> CgroupAction:
    return CgroupAction.ALLOW


@socket_filter
def snoop(ctx: Skb) -> int:
    return ctx.len


def watch(pid: int) -> None:
    import socket

    with load(user, user_returned, pid=pid) as s:
        print(s[out][0])
    with load(ingress, egress, interface="lo") as s, socket.socket() as sock:
        s[ingress].attach("lo")
        s[ingress].detach()
        s[snoop].attach(socket=sock)
        data: bytes = s[tasks].read()
        print(data)
    with load(received, sent, cgroup="/sys/fs/cgroup"):
        pass
    with load(raw, by_name, typed, entry, leave, probe, returned, sample, opened, on=Vm()):
        pass
    with load(device, interface="lo", attach=False) as s:
        value: int = s[device].run(data=bytes(64)).value
        print(value)
"""
MAPS = """
from kring import (
    Array, Bloom, Hash, LpmTrie, LruPerCpuHash, PerCpuArray, PerfBuf, ProgArray, Queue, Stack,
    SpinLock, StackTraces, Struct, Vm, Xdp, atomic, be32, load, raw_tracepoint, u32, u64, xdp,
)


class Total(Struct):
    packets: u64
    lock: SpinLock


totals = Hash[u32, Total](max_entries=8)


@xdp
def locking(ctx: Xdp) -> int:
    if (total := totals.get(1)) is not None:
        with total.lock:
            total.packets += 1
    else:
        totals[1] = Total(packets=1, lock=SpinLock())
    return 2


class Route(Struct):
    bits: u32
    address: be32


class Flow(Struct):
    packets: u64
    size: u32


jobs = Queue[u32](8)
pile = Stack[Flow](8)
seen = Bloom[Route](100)
routes = LpmTrie[Route, Flow](16)
each = PerCpuArray[Flow](1)
recent = LruPerCpuHash[u32, u64](max_entries=16)
stacks = StackTraces(64, depth=16)
jumps = ProgArray(4)
flows = Array[Flow](4)
counts = Hash[u32, u64](max_entries=8)
events = PerfBuf[Flow](4096, wakeup_events=4, ordered=True)


@raw_tracepoint("sched_switch")
def program() -> int:
    if (job := jobs.pop()) is not None and job > 3:
        jobs.push(job - 1)
    if (top := pile.peek()) is not None:
        pile.push(Flow(packets=top.packets, size=0))
    if Route(bits=32, address=1) not in seen:
        seen.add(Route(bits=32, address=1))
    if (flow := routes.get(Route(bits=32, address=1))) is not None:
        flow.packets += 1
        was: int = atomic.exchange(flow.size, 0)
        counts[was] |= 1
    each[0].packets += 1
    flows[1].size = 3
    if not flows.set(2, Flow(packets=1, size=0)):
        return 1
    recent[1] += stacks.id(user=True)
    atomic.compare_exchange(counts[2], 0, 1)
    jumps.tail_call(0)
    return 2 if events.output(Flow(packets=2, size=0)) else 3


with load(program, on=Vm(), attach=False) as s:
    first: int | None = s[jobs].pop()
    fits: bool = s[pile].push(Flow(packets=0, size=1))
    there: bool = Route(bits=1, address=0) in s[seen]
    best: Flow = s[routes][Route(bits=32, address=3)]
    total: Flow = s[each].sum(0)
    parts: list[int] = s[recent][1]
    whole: int = s[recent].sum(1)
    trace: tuple[int, ...] = s[stacks][3]
    s[jumps][0] = program
    del s[jumps][0]
    s[events].pause()
    losses: dict[int, int] | None = s[events].lost
    for event in s[events]:
        number: int = event.packets
"""
TEXTS = """
from kring import (
    Array, Hash, RingBuf, Struct, TracepointArgs, Vm, Xdp, XdpAction, array, atomic, be16, bits,
    char, current, kernel_str, load, syscall, tracepoint, u8, u16, u32, u64, user_str, xdp,
)


class Point(Struct):
    x: u8
    y: u16


class Event(Struct):
    id: u8 = bits(4)
    kind: u8 = bits(4)
    mac: bytes = array(6)
    comm: str = char(16, clear=True)
    ports: tuple[int, ...] = array(4, be16)
    counts: list[int] = array(8, u32)
    raw: bytearray = array(4)
    spot: Point
    spots: list[Point] = array(2, Point)


class Name(Struct):
    name: str = char(16)


class Exec(TracepointArgs):
    filename: str


events = RingBuf[Event](4096)
table = Array[Event](2)
by_name = Hash[Name, u64](max_entries=8)


def is_shell(name: str) -> bool:
    return name == "bash" or name.startswith("zs")


@tracepoint("sched:sched_process_exec")
def on_exec(ctx: Exec) -> None:
    name = ctx.filename
    if name == "/bin/sh" or name.startswith("/usr"):
        by_name[Name(name=current.comm)] += 1
    match current.comm:
        case "bash" | "zsh":
            print("a shell")
        case other:
            print(f"{other} runs {name!r}, {current.pid=} {current.tid:#x} {is_shell(other)}")


@syscall
def program() -> int:
    t = table[0]
    i = t.counts[7] & 7
    t.counts[i] += 1
    t.counts[-1] = len(t.counts)
    old = atomic.fetch_add(t.counts[0], 1)
    t.raw[0] = 1
    t.spots[i & 1].x = 3
    total = 0
    for n in t.ports:
        total += n
    for p in t.spots:
        total += p.x
    same = t.mac == b"abcdef" and t.spot == t.spots[1] and t.comm != table[1].comm
    text = user_str(t.counts[0]) == "x" or kernel_str(t.counts[1]) == "y"
    spot = Point(x=1, y=i)
    events.output(
        Event(id=1, kind=2, mac=t.mac, comm=t.comm, ports=t.ports, counts=t.counts, raw=t.raw,
              spot=spot, spots=t.spots)
    )
    return total + same + text + old


@xdp
def packets(ctx: Xdp) -> XdpAction:
    if (e := ctx.packet.read(Event)) is not None and e.mac == b"\\xff\\xff\\xff\\xff\\xff\\xff":
        return XdpAction.DROP
    return XdpAction.PASS


with load(program, on=Vm()) as s:
    for event in s[events]:
        mac: bytes = event.mac
        ports: tuple[int, ...] = event.ports
        counts: list[int] = event.counts
        first: Point = event.spots[0]
"""
WRONG = """
from kring import Hash, RingBuf, Struct, Vm, load, syscall, u32, u64


class Event(Struct):
    pid: u32


events = RingBuf[Event](4096)
counts = Hash[u32, u64](max_entries=8)


@syscall
def program() -> int:
    return counts.get(1) + 1


with load(program, on=Vm()) as s:
    for event in s[events]:
        print(event.pdi)
    text: str = s[counts][3]
"""
WRONG_LINES = {15, 20, 21}


def programs() -> list[Path]:
    own = [*(ROOT / "examples").glob("*.py"), ROOT / "tests" / "run" / "kernel_structs.py"]
    shared = [SHARED / name for name in ("exec_snoop.py", "slow_reads.py", "firewall.py")]
    return own + [path for path in shared if path.exists()]


def laid_out(directory: Path) -> None:
    """The programs, each under a name of its own, and what calls the surface and the kernel."""
    for path in programs():
        shutil.copy(path, directory / f"{path.parent.name}_{path.name}")
    (directory / "surface.py").write_text(SURFACE)
    (directory / "foreign.py").write_text(FOREIGN)
    (directory / "maps.py").write_text(MAPS)
    (directory / "texts.py").write_text(TEXTS)
    (directory / "kernel.py").write_text(KERNEL)
    (directory / "kinds.py").write_text(KINDS)


def pyright(directory: Path) -> list[tuple[str, int, str]]:
    """File, line and message of each complaint."""
    config = {
        "include": ["."], "typeCheckingMode": "strict", "pythonVersion": "3.11",
        "extraPaths": [str(ROOT / "src")],
    }  # fmt: skip
    (directory / "pyrightconfig.json").write_text(json.dumps(config))
    command = Path(sys.executable).with_name("pyright")
    if not command.exists():
        pytest.skip("pyright is not installed")
    done = subprocess.run(
        [command, "--outputjson", "-p", directory], capture_output=True, text=True, timeout=120
    )
    if not done.stdout.startswith("{"):
        pytest.skip(f"pyright does not run here: {done.stderr or done.stdout}")
    found = json.loads(done.stdout)["generalDiagnostics"]
    return [(Path(d["file"]).name, d["range"]["start"]["line"] + 1, d["message"]) for d in found]


def mypy(directory: Path) -> list[tuple[str, int, str]]:
    pytest.importorskip("mypy")
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--no-error-summary", "--hide-error-context",
         "--follow-imports", "silent", "--cache-dir", str(directory / "cache"),
         *sorted(directory.glob("*.py"))],
        capture_output=True, text=True, timeout=240, cwd=directory,
        env={"MYPYPATH": str(ROOT / "src"), "PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    assert done.returncode in (0, 1), done.stderr
    found: list[tuple[str, int, str]] = []
    for line in done.stdout.splitlines():
        if ": error: " in line:
            place, _, message = line.partition(": error: ")
            file, number = place.split(":")[:2]
            found.append((Path(file).name, int(number), message))
    return found


@pytest.mark.parametrize("checker", [pyright, mypy])
def test_programs_are_clean(checker: object, tmp_path: Path) -> None:
    laid_out(tmp_path)
    assert callable(checker)
    assert checker(tmp_path) == []
    if not SHARED.exists():
        pytest.skip("clean; the programs in ../shared are not there to be checked")


@pytest.mark.parametrize("checker", [pyright, mypy])
def test_mistakes_are_found(checker: object, tmp_path: Path) -> None:
    (tmp_path / "wrong.py").write_text(WRONG)
    assert callable(checker)
    assert {line for _, line, _ in checker(tmp_path)} >= WRONG_LINES
