"""exec_snoop.py with one word changed, `PerfBuf` for `RingBuf`: live, and in the VM."""

from __future__ import annotations

import os
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest
from spawning import TRUE, spawn
from test_exec_snoop import PROGRAM

from kring import Event, Task, Vm, load


@pytest.fixture
def swapped(tmp_path: Path) -> ModuleType:
    path = tmp_path / "exec_perf.py"
    path.write_text(PROGRAM.read_text().replace("RingBuf", "PerfBuf"))
    spec = spec_from_file_location("exec_perf", path)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    sys.modules["exec_perf"] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.kernel
def test_live(swapped: ModuleType) -> None:
    with load(swapped.on_exec) as s:
        started = [spawn() for _ in range(50)]
        found = [e for e in s[swapped.events].poll(1) if e.ppid == os.getpid()]
        assert s[swapped.events].dropped == 0
    assert sorted(e.pid for e in found) == sorted(started)
    assert {(e.comm, e.filename) for e in found} == {("true", TRUE)}


def test_in_the_vm(swapped: ModuleType) -> None:
    fields = {"filename": "/bin/one", "pid": 7}
    feed = [Event("sched:sched_process_exec", fields, Task(pid=7, comm="one"))]
    with load(swapped.on_exec, on=Vm(feed=feed)) as s:
        assert [(e.pid, e.comm, e.filename) for e in s[swapped.events]] == [(7, "one", "/bin/one")]
