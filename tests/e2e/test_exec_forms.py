"""The exec demo in its three forms: `kring exec --via`, programs of `examples/`, and objects that
clang makes of the same in C. All show the same lines, and what they lose they count."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from select import select
from time import monotonic, sleep
from types import ModuleType
from typing import Any

import pytest
from spawning import TRUE, Exec, SchedProcessExec, parent, spawn

import kring
from kring import Event, PerfBuf, Program, RingBuf, Task, Vm, current, load, tracepoint
from peers import c_program

ROOT = Path(__file__).parents[2]
KRING = [sys.executable, "-m", "kring"]
FORMS = ["reserve", "output", "perf"]
EXAMPLES = {"reserve": "exec_snoop", "output": "exec_output", "perf": "exec_perf"}
COLUMNS = "TIME     EVENT PID     COMM             FILENAME"
SOON_S = 20.0


@contextmanager
def running(*command: str | Path) -> Generator[subprocess.Popen[str]]:
    """A command that has shown a program being started, so that it listens."""
    with subprocess.Popen(
        [str(word) for word in command],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        try:
            yield process
        finally:
            process.kill()


def listen(process: subprocess.Popen[str]) -> None:
    """Return when the command shows what is started."""
    assert process.stdout is not None
    end = monotonic() + SOON_S
    pids: set[str] = set()
    while monotonic() < end:
        pids.add(str(spawn()))
        while select([process.stdout], [], [], 0.02)[0]:
            line = process.stdout.readline()
            assert line, f"it ended: {process.stderr and process.stderr.read()}"
            if pids & set(re.findall(r"\d+", line)):
                return
    raise AssertionError("it shows nothing")


def until(process: subprocess.Popen[str], word: str) -> str:
    assert process.stdout is not None
    for line in process.stdout:
        if re.search(rf"\b{word}\b", line):
            return line.rstrip("\n")
    raise AssertionError(f"it ended without {word}")


def stop(process: subprocess.Popen[str]) -> tuple[list[str], str]:
    """The lines that are still to come after Ctrl-C, and what standard error had."""
    process.send_signal(signal.SIGINT)
    assert process.stdout is not None
    assert process.stderr is not None
    # communicate() would pass over what is read ahead already.
    out, error = process.stdout.read(), process.stderr.read()
    assert process.wait(SOON_S) == 0, error
    return out.splitlines(), error


@pytest.mark.kernel
@pytest.mark.parametrize("via", FORMS)
def test_all_forms_show_the_same_lines_and_counts(via: str) -> None:
    with running(*KRING, "exec", "--kernel", "--via", via) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == COLUMNS + "\n"
        listen(process)
        pid = spawn()
        line = until(process, str(pid))
        assert re.fullmatch(rf"\d\d:\d\d:\d\d EXEC  {pid:<7} true             /bin/true", line)
        _, error = stop(process)
    assert re.fullmatch(r"\d+ events, 0 lost\n", error)


@pytest.mark.kernel
@pytest.mark.parametrize("via", FORMS)
def test_a_reader_that_sleeps_tells_its_losses(via: str) -> None:
    """No more records than fit come; the rest is counted, of a perf buffer for each CPU."""
    started = 600
    with running(*KRING, "exec", "--kernel", "--json", "--via", via) as process, parent() as busy:
        listen(process)
        process.send_signal(signal.SIGSTOP)
        busy.start(started)
        busy.wait()
        process.send_signal(signal.SIGCONT)
        lines, error = stop(process)
    ours = [line for line in lines if json.loads(line)["ppid"] == busy.pid]
    *reports, summary = error.splitlines()
    counted = re.fullmatch(r"(\d+) events, (\d+) lost", summary)
    assert counted, error
    assert 0 < len(ours) < started
    assert int(counted[2]) >= started - len(ours)
    told = [re.fullmatch(r"lost (\d+) samples on CPU \d+", line) for line in reports]
    assert all(told)
    assert sum(int(one[1]) for one in told if one) == (int(counted[2]) if via == "perf" else 0)


def watch(ppid: int, via: str, size: int) -> tuple[Program, Any]:
    """What a form records of the programs that one parent starts."""
    ring, buffers = RingBuf[Exec](size), PerfBuf[Exec](size)

    @tracepoint("sched:sched_process_exec")
    def reserve(ctx: SchedProcessExec) -> None:
        if current.task.real_parent.tgid != ppid:
            return
        with ring.reserve() as e:
            e.pid = current.pid
            e.ppid = ppid
            e.comm = current.comm
            e.filename = ctx.filename

    @tracepoint("sched:sched_process_exec")
    def output(ctx: SchedProcessExec) -> None:
        if current.task.real_parent.tgid == ppid:
            ring.output(
                Exec(pid=current.pid, ppid=ppid, comm=current.comm, filename=ctx.filename)
            )

    @tracepoint("sched:sched_process_exec")
    def perf(ctx: SchedProcessExec) -> None:
        if current.task.real_parent.tgid == ppid:
            buffers.output(
                Exec(pid=current.pid, ppid=ppid, comm=current.comm, filename=ctx.filename)
            )

    programs = {"reserve": reserve, "output": output, "perf": perf}
    return programs[via], buffers if via == "perf" else ring


@pytest.mark.kernel
@pytest.mark.parametrize(
    ("via", "pause_s"), [("reserve", 0), ("output", 0), ("perf", 0), ("perf", 0.02)]
)
def test_received_and_lost_are_all_there_were(via: str, pause_s: float) -> None:
    """Of a burst, read meanwhile by a reader that is slow, or read once at its end."""
    burst = 300
    with parent() as busy:
        program, events = watch(busy.pid, via, 4096 if pause_s else 16384)
        with load(program) as s:
            busy.start(burst)
            records: list[Exec] = []
            if pause_s:
                for _ in range(10):
                    records += s[events].poll(timeout=0)
                    sleep(pause_s)
            busy.wait()
            records += s[events].poll(timeout=0)
            dropped = s[events].dropped
            if via == "perf":
                assert sum(s[events].lost.values()) == dropped
    assert dropped
    assert len(records) + dropped == burst
    assert len({record.pid for record in records}) == len(records)
    assert {(one.ppid, one.comm, one.filename) for one in records} == {(busy.pid, "true", TRUE)}


def imported(name: str) -> ModuleType:
    spec = spec_from_file_location(name, ROOT / "examples" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("via", FORMS)
def test_the_examples_run_in_the_vm(via: str) -> None:
    module = imported(EXAMPLES[via])
    happened = [
        Event("sched:sched_process_exec", {"filename": f"/bin/{name}", "pid": pid},
              Task(pid=pid, comm=name))
        for pid, name in ((7, "one"), (8, "x" * 15))
    ]  # fmt: skip
    with load(module.on_exec, on=Vm(feed=happened)) as s:
        found = [(e.pid, e.comm, e.filename) for e in s[module.events]]
    assert found == [(7, "one", "/bin/one"), (8, "x" * 15, "/bin/" + "x" * 15)]


@pytest.mark.kernel
@pytest.mark.parametrize("via", FORMS)
def test_the_examples_run_as_they_are(via: str, tmp_path: Path) -> None:
    path = tmp_path / ("long" * 8)
    path.symlink_to(TRUE)
    with running(sys.executable, "-u", ROOT / "examples" / f"{EXAMPLES[via]}.py") as process:
        listen(process)
        pid = spawn(path)
        line = until(process, str(pid))
    assert line.split()[1:] == ["EXEC", str(pid), path.name[:15], str(path)]


@pytest.mark.parametrize("via", FORMS)
def test_the_examples_in_lisp_run_in_the_vm(via: str) -> None:
    obj = kring.open(ROOT / "examples" / f"{EXAMPLES[via]}.lisp")
    happened = [
        Event("sched:sched_process_exec", {"filename": f"/bin/{name}", "pid": pid},
              Task(pid=pid, comm=name))
        for pid, name in ((7, "one"), (8, "x" * 15))
    ]  # fmt: skip
    with load(obj, on=Vm(feed=happened)) as s:
        events = s[obj["events"]]
        found = [(e.pid, e.comm, e.filename) for e in events]
        assert events.dropped == 0
    assert found == [(7, "one", "/bin/one"), (8, "x" * 15, "/bin/" + "x" * 15)]


@pytest.mark.kernel
@pytest.mark.parametrize(("via", "started"), [("reserve", 520), ("output", 0), ("perf", 300)])
def test_the_same_in_lisp(via: str, started: int) -> None:
    """Shown as it comes; of a burst that nobody reads, what found no room is counted."""
    path = ROOT / "examples" / f"{EXAMPLES[via]}.lisp"
    with running(*KRING, "run", "--json", path) as process, parent() as busy:
        listen(process)
        pid = spawn()
        line = json.loads(until(process, str(pid)))
        assert line["stream"] == "events"
        assert line["record"] | {"ppid": 0} == {
            "pid": pid, "ppid": 0, "comm": "true", "filename": TRUE,
        }  # fmt: skip
        process.send_signal(signal.SIGSTOP)
        busy.start(started)
        busy.wait()
        process.send_signal(signal.SIGCONT)
        lines, error = stop(process)
    ours = [one for one in map(json.loads, lines) if one["record"]["filename"] == TRUE]
    counted = re.search(r"events: (\d+) events, (\d+) lost", error)
    assert counted, error
    assert int(counted[2]) >= started - len(ours)
    assert bool(int(counted[2])) == bool(started)


@pytest.fixture(scope="module")
def objects(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """What clang makes of the C form of this name."""
    into = tmp_path_factory.mktemp("objects")
    return lambda via: c_program(f"exec_{via}", into)


@pytest.mark.peer
@pytest.mark.kernel
@pytest.mark.parametrize("via", FORMS)
def test_the_same_in_c(via: str, objects: Callable[[str], Path]) -> None:
    path = objects(via)
    # Of a type that no map, variable or parameter has, clang keeps nothing.
    record = "pid:i32 comm:char[16] filename:char[512]" if via == "reserve" else "event"
    with running(*KRING, "run", path, "--record", record) as process:
        listen(process)
        pid = spawn()
        assert re.search(rf"\b{pid} +true +/bin/true$", until(process, str(pid)))
        _, error = stop(process)
    # A ring's losses nobody counts in such an object; a perf buffer's, the kernel.
    lost = "0 lost" if via == "perf" else "losses not counted"
    assert re.search(rf"\d+ events, {lost}", error)


@pytest.mark.peer
@pytest.mark.kernel
def test_the_same_in_c_as_json_and_with_losses(objects: Callable[[str], Path]) -> None:
    started = 200
    with (
        running(*KRING, "run", objects("perf"), "--record", "event", "--json") as process,
        parent() as busy,
    ):
        listen(process)
        process.send_signal(signal.SIGSTOP)
        busy.start(started)
        busy.wait()
        process.send_signal(signal.SIGCONT)
        lines, error = stop(process)
    records = [json.loads(line)["record"] for line in lines]
    ours = [one for one in records if one["filename"] == TRUE]
    assert ours
    assert {one["comm"] for one in ours} == {"true"}
    counted = re.search(r"(\d+) events, (\d+) lost", error)
    assert counted, error
    assert int(counted[2]) >= started - len(ours) > 0
