"""Walks through kernel structs: what a program finds of the current task is what /proc says."""

from __future__ import annotations

import ctypes
import os
import re
import resource
import shutil
import subprocess
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from foreign import foreign
from kernel_structs import (
    Names,
    Numbers,
    bare,
    facts,
    names,
    numbers,
    pid_type,
    typed,
)

from kring import Kernel, NotLive, Program, Vm, build, exists, load, sizeof, task_struct
from kring.btf.ext import CoreKind
from kring.obj.elf_write import to_elf
from kring.run.target import Target
from kring.run.vm.task import Task

WALKS = pytest.mark.parametrize("program", [typed, bare], ids=lambda program: program.name)
_SET_CHILD_SUBREAPER = 36
_STAT_ARG_START = 48
_STAT_PGRP, _STAT_SESSION = 5, 6


@pytest.fixture
def subreaper() -> Iterator[None]:
    """This process adopts orphans for a while: one bit of its signal_struct."""
    prctl = ctypes.CDLL(None).prctl
    assert prctl(_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0
    yield
    prctl(_SET_CHILD_SUBREAPER, 0, 0, 0, 0)


def walked(program: Program, on: Target) -> tuple[Numbers, Names, list[int]]:
    with load(program, on=on) as s:
        s[program].run()
        (number,), (name,) = s[numbers].poll(timeout=0), s[names].poll(timeout=0)
        return number, name, [s[facts][i] for i in range(5)]


@pytest.mark.kernel
@pytest.mark.usefixtures("subreaper")
@WALKS
def test_the_kernel_says_what_proc_says(program: Program) -> None:
    n, s, found = walked(program, Kernel())
    stat = Path("/proc/thread-self/stat").read_text().rpartition(") ")[2].split()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    assert n.arg_start == int(stat[_STAT_ARG_START - 3])
    assert (n.uid, n.pid_ns) == (os.getuid(), os.stat("/proc/self/ns/pid").st_ino)
    assert (n.open_files, n.open_files_max, n.too_far) == (soft, hard, 0)
    assert n.oom == int(Path("/proc/self/oom_score_adj").read_text())
    assert (n.process, n.parent) == (os.getpid(), os.getppid())
    assert (n.group, n.session) == (os.getpgid(0), os.getsid(0))
    assert (n.subreaper, n.running, n.leader, n.orphan) == (1, 1, 1, 0)
    assert (n.no_memory, n.aligned) == (1, 1)
    exe = Path(os.readlink("/proc/self/exe"))
    assert (s.exe, s.directory, s.cwd) == (exe.name, exe.parent.name, Path.cwd().name)
    assert found == [16, 1, 2, 0, 3]


FIELDS: Mapping[str, Any] = {
    "mm": {
        "arg_start": 2**47 - 3,
        "exe_file": {
            "f_path": {
                "dentry": {"d_name": {"name": "tool"}, "d_parent": {"d_name": {"name": "bin"}}}
            }
        },
    },
    "nsproxy": {"pid_ns_for_children": {"ns": {"inum": 4026531836}}},
    "signal": {
        "rlim": [{"rlim_cur": i, "rlim_max": 2**63 + i} for i in range(16)],
        "is_child_subreaper": 1,
        "oom_score_adj": -998,
        "pids": [{"level": i % 2, "numbers": [{"nr": 10 + i}, {"nr": 20 + i}]} for i in range(4)],
    },
    "state": 0,
    "stack": 2**63 + 4096,
}


@WALKS
def test_the_vm_says_what_its_task_was_given(program: Program) -> None:
    task = Task(pid=70, tid=70, ppid=7, uid=1000, more=FIELDS)
    n, s, found = walked(program, Vm(task=task))
    assert (n.arg_start, n.uid, n.pid_ns) == (2**47 - 3, 1000, 4026531836)
    assert (n.open_files, n.open_files_max, n.too_far) == (7, 2**63 + 7, 0)
    assert (n.subreaper, n.oom) == (1, -998)
    assert (n.process, n.group, n.session, n.parent) == (11, 12, 23, 7)
    assert (n.leader, n.orphan, n.no_memory) == (1, 0, 1)
    assert (s.exe, s.directory, s.cwd) == ("tool", "bin", "")
    assert found == [16, 1, 1, 1, 3]


@WALKS
def test_another_kernels_layout_gives_the_same(program: Program, tmp_path: Path) -> None:
    types = tmp_path / "vmlinux"
    types.write_bytes(foreign())
    pids = [{"level": i % 2, "numbers": [{"nr": 10 + i}, {"nr": 20 + i}]} for i in range(4)]
    signal = {**FIELDS["signal"], "pids": pids}
    fields = {**FIELDS, "signal": signal, "state": 0}
    fields["nsproxy"] = {"pid_ns_for_children": {"ns": {"inum": 65000}}}
    task = Task(pid=70, tid=70, ppid=7, uid=2**32 + 1000, more=fields)
    n, s, found = walked(program, Vm(task=task, btf=str(types)))
    assert (n.arg_start, n.uid, n.pid_ns) == (2**47 - 3, 1000, 65000)
    assert (n.open_files, n.open_files_max, n.too_far) == (7, 2**63 + 7, 0)
    assert (n.subreaper, n.oom, n.running) == (1, -998, 1)
    # PIDTYPE_TGID is 3 there and PIDTYPE_SID 0; the group is found by its number.
    assert (n.process, n.group, n.session, n.parent) == (13, 12, 10, 7)
    assert (n.leader, n.orphan, n.no_memory) == (1, 0, 1)
    assert (s.exe, s.directory, s.cwd) == ("tool", "bin", "")
    assert found == [24, 1, 2, 0, 0]


@pytest.mark.parametrize(
    ("use", "named"),
    [
        (lambda: "pid" in task_struct, "'pid' in task_struct"),
        (lambda: "PIDTYPE_PID" in pid_type, "'PIDTYPE_PID' in pid_type"),
        (lambda: sizeof(task_struct), "sizeof(task_struct)"),
        (lambda: exists(task_struct), "exists()"),
        (lambda: int(task_struct()), "int() of a kernel struct"),
    ],
    ids=lambda use: use if isinstance(use, str) else "",
)
def test_questions_to_the_kernel_are_asked_in_programs(use: Any, named: str) -> None:
    with pytest.raises(NotLive) as caught:
        use()
    assert named in str(caught.value)


@pytest.fixture
def pins() -> Iterator[Path]:
    """A directory in bpffs of this test's own; it is gone afterwards."""
    path = Path("/sys/fs/bpf") / f"kring-test-{uuid.uuid4().hex[:8]}"
    yield path
    if path.exists():
        for pin in path.iterdir():
            pin.unlink()
        path.rmdir()


def translated(bpftool: str, *which: str) -> list[str]:
    """The instructions the kernel made of a program, without what differs from load to load."""
    command = [bpftool, "prog", "dump", "xlated", *which]
    shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return [re.sub(r"map\[id:\d+\]", "map", line) for line in shown.splitlines()]


@pytest.mark.peer
@pytest.mark.kernel
def test_libbpf_makes_the_same_of_every_question(tmp_path: Path, pins: Path) -> None:
    bpftool = shutil.which("bpftool", path="/usr/sbin:/usr/bin:/usr/local/bin")
    if bpftool is None:
        pytest.skip("no bpftool")
    obj = build(typed, bare)
    assert {reloc.kind for program in obj.programs for reloc in program.core} == set(ASKED)
    path = tmp_path / "walks.bpf.o"
    path.write_bytes(to_elf(obj))
    subprocess.run([bpftool, "prog", "loadall", str(path), str(pins)], check=True)
    with load(obj) as s:
        for name, handle in s.programs.items():
            fd = handle._live.fd  # pyright: ignore[reportPrivateUsage]
            info = Path(f"/proc/self/fdinfo/{fd}").read_text()
            found = re.search(r"prog_id:\s*(\d+)", info)
            assert found is not None
            ours = translated(bpftool, "id", found[1])
            assert ours == translated(bpftool, "pinned", str(pins / name))
            assert len(ours) > 100


ASKED = [
    kind
    for kind in CoreKind
    if kind not in (CoreKind.TYPE_ID_LOCAL, CoreKind.TYPE_ID_TARGET, CoreKind.TYPE_MATCHES)
]
