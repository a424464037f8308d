"""Programs of every kind as an object file: other loaders take it, and kring reads it back."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from kring import (
    CgroupAction,
    PerfEvent,
    Program,
    Skb,
    TcAction,
    Xdp,
    XdpAction,
    build,
    cgroup_skb,
    fentry,
    fexit,
    i32,
    iterator,
    kprobe,
    kretprobe,
    lsm,
    perf_event,
    raw_tracepoint,
    socket_filter,
    syscall,
    task_struct,
    tc,
    tp_btf,
    tracepoint,
    u8,
    u64,
    uprobe,
    uretprobe,
    usdt,
    xdp,
)
from kring.abi.programs import KINDS
from kring.obj.elf_read import from_elf
from kring.obj.elf_write import to_elf


@tracepoint("sched:sched_process_exec")
def a_tracepoint() -> None: ...


@raw_tracepoint("sched_switch")
def a_raw_tracepoint(preempt: u8, prev: task_struct) -> None: ...


@tp_btf("sched_switch")
def a_tp_btf(preempt: u8, prev: task_struct) -> None: ...


@fentry("do_unlinkat")
def a_fentry(dfd: i32) -> None: ...


@fexit("do_unlinkat")
def a_fexit(dfd: i32, name: object, ret: i32) -> None: ...


@lsm("file_open")
def a_lsm() -> int:
    return 0


@iterator("task")
def an_iterator(meta: object, task: task_struct | None) -> None: ...


@kprobe("do_unlinkat")
def a_kprobe(dfd: i32) -> None: ...


@kretprobe("do_unlinkat")
def a_kretprobe(ret: i32) -> None: ...


@uprobe("/bin/sh", "main")
def a_uprobe(argc: i32, argv: u64) -> None: ...


@uretprobe("libc.so.6", "malloc")
def a_uretprobe(ret: u64) -> None: ...


@usdt("libpython3.11.so.1.0", "python", "gc__start")
def a_usdt() -> None: ...


@perf_event("page-faults", period=100)
def a_perf_event(ctx: PerfEvent) -> None: ...


@xdp
def an_xdp(ctx: Xdp) -> XdpAction:
    return XdpAction.PASS


@tc
def a_tc(ctx: Skb) -> TcAction:
    return TcAction.OK


@tc("egress")
def a_tc_out(ctx: Skb) -> TcAction:
    return TcAction.OK


@cgroup_skb
def a_cgroup_skb(ctx: Skb) -> CgroupAction:
    return CgroupAction.ALLOW


@cgroup_skb("egress")
def a_cgroup_skb_out(ctx: Skb) -> CgroupAction:
    return CgroupAction.ALLOW


@socket_filter
def a_socket_filter(ctx: Skb) -> int:
    return 64


@syscall
def a_syscall() -> int:
    return 1


ALL = [value for value in list(globals().values()) if isinstance(value, Program)]
SECTIONS = [
    "tracepoint/sched/sched_process_exec", "raw_tracepoint/sched_switch", "tp_btf/sched_switch",
    "fentry/do_unlinkat", "fexit/do_unlinkat", "lsm/file_open", "iter/task", "kprobe/do_unlinkat",
    "kretprobe/do_unlinkat", "uprobe//bin/sh:main", "uretprobe/libc.so.6:malloc",
    "usdt/libpython3.11.so.1.0:python:gc__start",
    "perf_event/page-faults:100", "xdp", "tc/ingress", "tc/egress", "cgroup_skb/ingress",
    "cgroup_skb/egress", "socket", "syscall",
]  # fmt: skip
FORBIDDEN = ("fentry", "fexit", "lsm")
"""Kinds that the policy of a host may forbid."""


def test_every_kind_is_here() -> None:
    assert {program.kind.name for program in ALL} == set(KINDS)


def test_sections() -> None:
    obj = build(*ALL)
    assert [program.section for program in obj.programs] == SECTIONS
    read = from_elf(to_elf(obj), "kinds")
    assert sorted(p.section for p in read.programs) == sorted(SECTIONS)


@pytest.mark.kernel
def test_bpftool_loads_them(tmp_path: Path) -> None:
    bpftool = shutil.which("bpftool")
    if bpftool is None or os.geteuid():
        pytest.skip("bpftool, run by root, loads the object; one of them is missing")
    allowed = [program for program in ALL if program.kind.name not in FORBIDDEN]
    path = tmp_path / "kinds.bpf.o"
    build(*allowed).write(str(path))
    # A pin keeps a program; the file system that holds these is no one else's.
    script = f"mount -t bpf none {tmp_path} -o mode=700 && mkdir {tmp_path}/p"
    object = path.read_bytes()
    path = Path(f"/dev/shm/kring-kinds-{os.getpid()}.o")
    path.write_bytes(object)
    try:
        done = subprocess.run(
            ["unshare", "-m", "sh", "-c",
             f"{script} && {bpftool} prog loadall {path} {tmp_path}/p && ls {tmp_path}/p"],
            capture_output=True, text=True, timeout=60,
        )  # fmt: skip
    finally:
        path.unlink()
    assert done.returncode == 0, done.stderr
    assert sorted(done.stdout.split()) == sorted(program.name for program in allowed)
