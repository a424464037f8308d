"""Walks through kernel structs: what a program finds of the current task is what /proc says."""

from __future__ import annotations

import ctypes
import os
import resource
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
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

from kring import Kernel, NotLive, Program, Vm, exists, load, sizeof, task_struct
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
