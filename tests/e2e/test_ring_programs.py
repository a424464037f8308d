"""The ring programs of the cases: how large they are, and those of hooks on the kernel."""

from __future__ import annotations

import os
import pwd
import subprocess
import time
from pathlib import Path

import pytest
from spawning import TRUE, spawn

import kring
from kring import Vm, load
from kring.run.vm.task import Task

PROGRAMS = Path(__file__).parent.parent / "cases" / "rings"
SLOTS = {"tcp_events": 35, "copied": 31, "process_info": 23, "by_hand": 23, "filtered": 36}


@pytest.mark.parametrize("name", SLOTS)
def test_slots(name: str) -> None:
    (program,) = kring.open(PROGRAMS / f"{name}.lisp").programs
    assert program.slots <= SLOTS[name]


@pytest.mark.kernel
def test_who_runs_a_program() -> None:
    obj = kring.open(PROGRAMS / "process_info.lisp")
    before = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
    with load(obj) as s:
        pid = spawn()
        found = {e.pid: e for e in s[obj["events"]].poll(timeout=5)}
    e = found[pid]
    assert (e.uid, e.comm) == (os.getuid(), "true")
    assert before < e.timestamp < time.clock_gettime_ns(time.CLOCK_MONOTONIC)


@pytest.mark.kernel
def test_submitted_or_discarded() -> None:
    if os.getuid():
        pytest.skip("not permitted: only root starts programs as another user")
    nobody = pwd.getpwnam("nobody").pw_uid
    obj = kring.open(PROGRAMS / "by_hand.lisp")
    with load(obj) as s:
        roots = spawn()
        child = subprocess.Popen([TRUE], user=nobody)
        child.wait()
        found = {e.pid: e.uid for e in s[obj["events"]].poll(timeout=5)}
    assert found[child.pid] == nobody
    assert roots not in found


def test_in_the_vm() -> None:
    obj = kring.open(PROGRAMS / "process_info.lisp")
    with load(obj, on=Vm(Task(pid=71, uid=5, comm="me")), attach=False) as s:
        assert s.programs["on_exec"].run().value == 0
        (e,) = s[obj["events"]].poll(timeout=0)
    assert (e.pid, e.uid, e.comm) == (71, 5, "me")
