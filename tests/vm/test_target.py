"""What only the VM shows: its task, faults, prints, and what it refuses."""

from __future__ import annotations

import errno
import struct
from typing import Any

import pytest

from kring.abi.asm import parse
from kring.abi.code import encode
from kring.abi.tracepoints import TraceField
from kring.abi.uapi import BPF_F_RDONLY_PROG, MapType
from kring.btf.ext import LineInfo
from kring.btf.types import Array, Composite, Int, Member, Ptr
from kring.btf.write import Builder
from kring.errors import AttachError, LoadError, NotSupported, VmError
from kring.obj.object import Map, Object, Program
from kring.run.target import PerfOptions, Target, Wait
from kring.run.vm.ring import RingMap
from kring.run.vm.target import Vm, VmProgram, VmRuntime
from kring.run.vm.task import Task

PAGE = 4096


def task_btf() -> bytes:
    """
    struct cred { struct { int val; } uid, gid; };
    struct task_struct { u64 x; int pid, tgid; char comm[16]; struct task_struct *real_parent,
                         *group_leader; struct { int prio; }; struct cred *cred, *mm; };
    """
    builder = Builder()
    task = builder.reserve()
    integer = builder.add(Int("int", 4, 32, signed=True))
    long = builder.add(Int("unsigned long", 8, 64))
    comm = builder.add(Array(builder.add(Int("char", 1, 8, char=True)), integer, 16))
    kuid = builder.add(Composite("", 4, (Member("val", integer, 0),)))
    cred = builder.add(Composite("cred", 8, (Member("uid", kuid, 0), Member("gid", kuid, 32))))
    prio = builder.add(Composite("", 4, (Member("prio", integer, 0),)))
    to_cred, to_task = builder.add(Ptr(cred)), builder.add(Ptr(task))
    members = (
        Member("x", long, 0),
        Member("pid", integer, 64),
        Member("tgid", integer, 96),
        Member("comm", comm, 128),
        Member("real_parent", to_task, 256),
        Member("group_leader", to_task, 320),
        Member("", prio, 384),
        Member("cred", to_cred, 448),
        Member("mm", to_cred, 512),
    )
    builder.set(task, Composite("task_struct", 72, members))
    return builder.bytes()


def runtime(btf: bytes = b"", **options: Any) -> VmRuntime:
    target: Target = Vm(**options)
    opened = target.open(Object("test", (), btf=btf))
    assert isinstance(opened, VmRuntime)
    return opened


def load(vm: VmRuntime, text: str, section: str = "syscall", **more: Any) -> VmProgram:
    names = {live.spec.name: f"map_fd({fd})" for fd, live in vm.world.maps.items()}
    code = encode(parse(text.format(**names)))
    return vm.load(Program("test", section, code, **more), code)


def ring(vm: VmRuntime, name: str = "r") -> RingMap:
    live = vm.create_map(Map(name, MapType.RINGBUF, max_entries=PAGE))
    assert isinstance(live, RingMap)
    return live


RESERVE = "lddw r1, {r}\nmov r2, 16\nmov r3, 0\ncall 131\njeq r0, 0, full\n"
SUBMIT = "mov r1, r0\nmov r2, 0\ncall 132\nfull:\nmov r0, 0\nexit"


def test_record_held_at_the_end() -> None:
    vm = runtime()
    live = ring(vm)
    with pytest.raises(VmError, match="held a record of 16 bytes reserved from ring 'r'"):
        load(vm, RESERVE + "full: mov r0, 0\nexit").run()
    header = struct.unpack_from("<I", live.ring().data)
    assert header == (16 | 1 << 30,), "what was held is discarded, so the ring goes on"
    load(vm, RESERVE + SUBMIT).run()


def test_record_held_at_a_fault_is_discarded() -> None:
    vm = runtime()
    live = ring(vm)
    with pytest.raises(VmError, match="nothing is mapped there"):
        load(vm, RESERVE + "lddw r2, 0xffff888100000000\nldxb r0, [r2]\nfull: exit").run()
    assert struct.unpack_from("<I", live.ring().data) == (16 | 1 << 30,)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("stb [r0+16], 1\n", "a record of ring 'r' has 16 bytes, this is at \\+16"),
        ("mov r6, r0\nmov r1, r0\nmov r2, 0\ncall 132\nmov r0, r6\n", "is no record that the"),
        ("add r0, 8\n", "is no record that the program holds"),
        ("mov r6, r0\nmov r1, r0\nmov r2, 0\ncall 132\nldxb r0, [r6]\n", "nothing is mapped"),
    ],
)
def test_misused_record(body: str, words: str) -> None:
    vm = runtime()
    ring(vm)
    with pytest.raises(VmError, match=words):
        load(vm, RESERVE + body + SUBMIT).run()


def test_full_ring_and_busy_record() -> None:
    """While the first record is BUSY, room is counted from it, not from the consumer."""
    vm = runtime()
    live = ring(vm)
    first = live.reserve(16)
    assert first is not None
    while live.output(bytes(1000), 0) == 0:
        pass
    memory = live.ring()
    memory.consumer[0] = memory.producer[0]
    assert live.output(bytes(1000), 0) == -errno.EAGAIN
    live.commit(first.base, 0, discard=False)
    assert live.output(bytes(1000), 0) == 0


def test_waking_as_the_kernel_does() -> None:
    """A commit wakes if the consumer had caught up with its record, or if told to."""
    vm = runtime()
    live = ring(vm)
    woken: list[int] = []
    live.on_data.append(lambda: woken.append(1))
    outputs = [(0, 1), (0, 1), (2, 2), (1, 2)]
    for flags, expected in outputs:
        live.output(b"x", flags)
        assert len(woken) == expected
    memory = live.ring()
    memory.consumer[0] = memory.producer[0]
    live.output(b"x", 1)
    assert len(woken) == 2


def test_current_task_by_its_btf() -> None:
    task = Task(pid=100, tid=101, ppid=7, comm="thread", uid=1000, gid=50, more={"prio": 120})
    vm = runtime(task_btf(), task=task)
    text = """
        mov r6, r1
        call 158
        ldxw r1, [r0+8]
        stxw [r6], r1
        ldxw r1, [r0+12]
        stxw [r6+4], r1
        ldxdw r1, [r0+32]
        ldxw r1, [r1+12]
        stxw [r6+8], r1
        ldxdw r1, [r0+40]
        ldxw r1, [r1+8]
        stxw [r6+12], r1
        ldxw r1, [r0+48]
        stxw [r6+16], r1
        ldxdw r1, [r0+56]
        ldxw r2, [r1]
        stxw [r6+20], r2
        ldxw r2, [r1+4]
        stxw [r6+24], r2
        ldxdw r1, [r0+64]
        ldxw r1, [r1+4]
        stxw [r6+28], r1
        ldxdw r1, [r0+16]
        stxdw [r6+32], r1
        mov r0, 0
        exit
    """
    out = load(vm, text).run(ctx=bytes(range(64))).ctx
    assert struct.unpack_from("<8I8s", out) == (101, 100, 7, 100, 120, 1000, 50, 0, b"thread\0\0")


def test_task_without_btf_reads_zero() -> None:
    vm = runtime()
    assert load(vm, "call 158\nldxdw r0, [r0+800]\nldxw r0, [r0+8]\nexit").run().value == 0


def test_null_is_a_fault_in_programs_that_touch_no_task() -> None:
    with pytest.raises(VmError, match="NULL was not checked for"):
        load(runtime(), "mov r1, 0\nldxw r0, [r1+8]\nexit").run()


def test_task_cannot_be_written() -> None:
    with pytest.raises(VmError, match="read-only"):
        load(runtime(task_btf()), "call 158\nstw [r0], 1\nmov r0, 0\nexit").run()


def test_ids_of_the_task() -> None:
    vm = runtime(task=Task(pid=3, tid=4, uid=5, gid=6, cgroup_id=9))
    text = "mov r6, r1\ncall {}\nstxdw [r6], r0\nmov r0, 0\nexit"
    got = [load(vm, text.format(n)).run(ctx=bytes(8)).ctx for n in (14, 15, 80)]
    assert got == [struct.pack("<2I", *pair) for pair in ((4, 3), (5, 6), (9, 0))]


def test_user_memory_is_for_probes() -> None:
    vm = runtime()
    path = vm.world.memory.map(bytearray(b"/bin/true\0"), "a path", space="user")
    ctx = struct.pack("<QQ", path.base, 0)
    with pytest.raises(VmError, match="to be read with a probe helper"):
        load(vm, "ldxdw r1, [r1]\nldxb r0, [r1]\nexit").run(ctx=ctx)
    text = "ldxdw r3, [r1]\nadd r1, 8\nmov r2, 8\ncall 114\nexit"
    result = load(vm, text).run(ctx=ctx)
    assert (result.value, result.ctx[8:]) == (8, b"/bin/tr\0")


def test_printk() -> None:
    vm = runtime()
    name = vm.world.memory.map(bytearray(b"name\0"), "a name")
    text = """
        mov r6, r1
        mov r2, 32
        ldxdw r3, [r6+32]
        mov r4, -5
        mov r5, 255
        call 6
        exit
    """
    fmt = b"%s is %d, or %lx%%\0".ljust(32, b"\0")
    assert load(vm, text).run(ctx=fmt + struct.pack("<Q", name.base)).value == 18
    assert vm.world.printed == ["name is -5, or ff%"]
    bad = b"%y\0".ljust(40, b"\0")
    assert load(vm, text).run(ctx=bad).value == -errno.EINVAL & 0xFFFFFFFF


def test_perf_output() -> None:
    vm = runtime()
    perf = vm.create_map(Map("p", MapType.PERF_EVENT_ARRAY, 4, 4))
    text = (
        "stdw [r10-8], 7\nmov r4, r10\nadd r4, -8\nmov r5, 8\nlddw r2, {p}\n"
        "ldxdw r3, [r1]\ncall 25\nexit"
    )
    program = load(vm, text)

    def send(flags: int) -> int:
        return program.run(ctx=struct.pack("<Q", flags)).value

    assert send(0xFFFF_FFFF) == -errno.ENOENT & 0xFFFF_FFFF
    buffers = vm.perf(perf, PerfOptions(4096))
    vm.world.cpu = 1
    assert send(0xFFFF_FFFF) == send(1) == 0
    assert send(0) == -errno.EOPNOTSUPP & 0xFFFF_FFFF
    assert send(2) == -errno.E2BIG & 0xFFFF_FFFF
    assert send(1 << 32) == -errno.EINVAL & 0xFFFF_FFFF
    assert [memory.head[0] for memory in buffers.memory] == [0, 48]
    sample = struct.pack("<IHHIQI", 9, 1, 24, 12, 7, 0)
    assert buffers.memory[1].data[:48] == sample * 2


def test_lru_evicts_the_least_recently_used() -> None:
    vm = runtime()
    live = vm.create_map(Map("m", MapType.LRU_HASH, 1, 1, 2))
    live.update(b"a", b"1")
    live.update(b"b", b"2")
    assert live.lookup(b"a") == b"1"
    live.update(b"c", b"3")
    assert set(live.keys()) == {b"a", b"c"}


def test_per_cpu_values_are_apart() -> None:
    vm = runtime(cpus=3)
    live = vm.create_map(Map("m", MapType.PERCPU_HASH, 4, 4, 2))
    text = (
        "stw [r10-4], 1\nstw [r10-8], {value}\nlddw r1, {{m}}\nmov r2, r10\nadd r2, -4\n"
        "mov r3, r10\nadd r3, -8\nmov r4, 0\ncall 2\nexit"
    )
    for cpu in (0, 2):
        vm.world.cpu = cpu
        load(vm, text.format(value=cpu + 10)).run()
    assert live.lookup(struct.pack("<I", 1)) == struct.pack("<6I", 10, 0, 0, 0, 12, 0)


def test_globals_and_read_only_data() -> None:
    vm = runtime()
    data = vm.create_map(Map(".data", MapType.ARRAY, 4, 8, 1, data=struct.pack("<Q", 41)))
    rodata = vm.create_map(
        Map(".rodata", MapType.ARRAY, 4, 4, 1, flags=BPF_F_RDONLY_PROG, data=b"abcd")
    )
    text = f"lddw r1, map_value({data.fd}, 0)\nmov r2, 1\nlock add [r1], r2\nldxdw r0, [r1]\nexit"
    assert load(vm, text).run().value == 42
    assert data.lookup(bytes(4)) == struct.pack("<Q", 42)
    text = f"lddw r1, map_value({rodata.fd}, 2)\nldxb r0, [r1]\nexit"
    assert load(vm, text).run().value == ord("c")
    with pytest.raises(VmError, match="read-only"):
        load(vm, text.replace("ldxb r0, [r1]", "stb [r1], 1\nmov r0, 0")).run()


def test_value_stays_readable_until_the_program_ends() -> None:
    vm = runtime()
    live = vm.create_map(Map("m", MapType.HASH, 4, 4, 2))
    live.update(bytes(4), b"\x2a\0\0\0")
    key = "stw [r10-4], 0\nlddw r1, {m}\nmov r2, r10\nadd r2, -4\n"
    text = key + "call 1\njeq r0, 0, none\nmov r6, r0\n" + key + "call 3\nldxw r0, [r6]\nnone: exit"
    assert load(vm, text).run().value == 42
    assert live.lookup(bytes(4)) is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("mov r1, 5\nmov r2, r10\nadd r2, -4\ncall 1\nexit", "0x5 is no map"),
        ("lddw r1, {m}\nmov r2, r10\ncall 1\nexit", "read of 4 bytes"),
        ("lddw r1, {m}\nldxb r0, [r1]\nexit", "nothing is mapped there"),
        ("lddw r1, {m}\nmov r2, 8\nmov r3, 0\ncall 131\nexit", "map 'm' is no ring buffer"),
        ("lddw r1, map_fd(3)\nexit", "no map with the descriptor 3"),
        ("lddw r1, btf_id(3)\nexit", "runs in no kernel, whose type 3"),
        ("lddw r1, map_idx(3)\nexit", "MAP_IDX"),
        ("call 2000\nexit", "the VM has no helper 2000"),
    ],
)
def test_misused_maps_and_helpers(text: str, words: str) -> None:
    vm = runtime()
    vm.create_map(Map("m", MapType.HASH, 4, 4, 2))
    with pytest.raises(VmError, match=words):
        load(vm, text).run()


def test_fault_shows_the_source_line() -> None:
    lines = (LineInfo(0, "a.py", "x = 1", 3, 1), LineInfo(1, "a.py", "    y = p[0]", 4, 5))
    program = load(runtime(), "mov r0, 0\nmov r1, 1\nldxb r0, [r1]\nexit", lines=lines)
    with pytest.raises(VmError) as caught:
        program.run()
    assert caught.value.line == "a.py:4: y = p[0]"


def test_random_numbers_repeat_with_the_seed() -> None:
    def numbers(seed: int) -> list[int]:
        program = load(runtime(seed=seed), "call 7\nexit")
        return [program.run().value for _ in range(3)]

    assert numbers(1) == numbers(1) != numbers(2)


def test_fire_runs_attached_programs_only() -> None:
    vm = runtime()
    program = load(vm, "ldxdw r0, [r1]\nexit", "tracepoint/sched/sched_switch")
    other = load(vm, "mov r0, 1\nexit", "tracepoint/sched/sched_wakeup")
    link, _ = program.attach(), other.attach()
    ctx = struct.pack("<Q", 9)
    assert [result.value for result in vm.fire("sched:sched_switch", ctx=ctx)] == [9]
    link.close()
    link.close()
    assert vm.fire("sched:sched_switch", ctx=ctx) == []


def test_fire_with_fields() -> None:
    builder = Builder()
    word = builder.add(Int("unsigned int", 4, 32))
    members = (Member("pid", word, 64), Member("__data_loc_filename", word, 96))
    builder.add(Composite("trace_event_raw_sched_process_exec", 16, members))
    vm = runtime(builder.bytes())
    # The last character before the NUL, and the pid in the upper half.
    text = (
        "ldxw r2, [r1+12]\nmov r3, r2\nrsh r3, 16\nand r2, 0xffff\nadd r2, r3\nadd r2, r1\n"
        "ldxb r0, [r2-2]\nldxw r4, [r1+8]\nlsh r4, 16\nor r0, r4\nexit"
    )
    load(vm, text, "tp/sched/sched_process_exec").attach()
    fields = {"filename": "/bin/true", "pid": 7, "prio": 3}
    (result,) = vm.fire("sched:sched_process_exec", fields)
    assert result.value == 7 << 16 | ord("e")
    with pytest.raises(VmError, match="no struct trace_event_raw_sched_switch"):
        vm.fire("sched:sched_switch", {})


def test_packet_addresses_do_not_run_out() -> None:
    program = load(runtime(), "ldxw r0, [r1]\nexit", "xdp")
    assert len({program.run(bytes(14)).value for _ in range(100)}) == 1


def test_refusals() -> None:
    vm = runtime()
    with pytest.raises(NotSupported, match="the VM has no SOCKMAP maps"):
        vm.create_map(Map("seen", MapType.SOCKMAP, 4, 4, 1))
    with pytest.raises(LoadError, match="the next valid size is 8192"):
        vm.create_map(Map("r", MapType.RINGBUF, max_entries=5000))
    with pytest.raises(LoadError, match="names no kind of program"):
        load(vm, "exit", "nonsense")
    with pytest.raises(LoadError, match="data must be at least 14 bytes, got 3"):
        load(vm, "mov r0, 0\nexit", "xdp").run(b"abc")
    with pytest.raises(NotSupported, match="does not know the layout of tracepoint a:b"):
        vm.tracepoint("a:b")
    fields = [TraceField("x", "int", 8, 4, True)]
    assert runtime(tracepoints={"a:b": fields}).tracepoint("a:b") == fields
    vm.close()
    with pytest.raises(LoadError, match="closed"):
        vm.create_map(Map("r", MapType.RINGBUF, max_entries=PAGE))


def test_waiting_ends_where_nothing_can_come() -> None:
    vm = runtime()
    live = ring(vm)
    waiter = vm.waiter([live])
    assert waiter.wait(None) is Wait.CLOSED
    live.output(b"x", 0)
    assert waiter.wait(None) is Wait.READY
    vm.close()
    assert waiter.wait(None) is Wait.CLOSED


def test_ring_views_outlive_the_runtime() -> None:
    vm = runtime()
    memory = ring(vm).ring()
    del vm
    assert bytes(memory.data[:8]) == bytes(8)
    memory.consumer.release()


def test_a_session_that_ended_leaves_nothing_usable() -> None:
    array = Map("a", MapType.ARRAY, 4, 8, 1)
    source = Program("f", "syscall", encode(parse("mov r0, 0\nexit")))
    runtime = Vm().open(Object("t", (source,), (array,)))
    live, program = runtime.create_map(array), runtime.load(source, source.code)
    with pytest.raises(AttachError, match="no hook"):
        program.attach()
    runtime.close()
    with pytest.raises(LoadError, match="gone"):
        live.lookup(bytes(4))
    with pytest.raises(LoadError, match="gone"):
        program.run()
