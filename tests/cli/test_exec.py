"""`kring exec` as a person and a pipe see it."""

from __future__ import annotations

import json
import os
import queue
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from time import monotonic

import pytest
from command import KRING, SOON_S, kring, running, spawn

TRUE = "/bin/true"
COLUMNS = "TIME     EVENT PID     COMM             FILENAME"
SUMMARY = re.compile(r"(\d+) events, (\d+) lost\n")
TIME = r"\d\d:\d\d:\d\d"


@pytest.mark.kernel
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_lines_come_live_and_a_signal_ends_them_with_a_summary(number: int) -> None:
    with running("exec", "--kernel") as command:
        assert command.line() == COLUMNS
        pid = spawn(TRUE)
        assert re.fullmatch(
            f"{TIME} EXEC  {pid:<7} true             /bin/true", command.line(f" {pid} ")
        )
        code, error = command.stop(number)
    assert code == 0
    counted = SUMMARY.fullmatch(error)
    assert counted, error
    assert int(counted[1]) >= 1
    assert counted[2] == "0"


@pytest.mark.kernel
def test_the_parent_has_a_column() -> None:
    with running("exec", "--kernel", "--ppid") as command:
        assert command.line() == "TIME     EVENT PID     PPID    COMM             FILENAME"
        pid = spawn(TRUE)
        expected = f"{TIME} EXEC  {pid:<7} {os.getpid():<7} true             /bin/true"
        assert re.fullmatch(expected, command.line(f" {pid} "))


@pytest.mark.kernel
def test_names_cannot_break_a_line_or_json(tmp_path: Path) -> None:
    strange = shutil.copy(TRUE, tmp_path / 'a"b\nc\x1b[31m')
    with running("exec", "--kernel", "--json") as command:
        # Nothing shows that it listens before its first line, so programs start until it does.
        pids: set[int] = set()
        record: dict[str, object] = {}
        end = monotonic() + SOON_S
        while record.get("pid") not in pids and monotonic() < end:
            pids.add(spawn(strange))
            with suppress(queue.Empty):
                record = json.loads(command.line(within_s=0.2))
        assert record == {
            "time": record["time"],
            "event": "EXEC",
            "pid": record["pid"],
            "ppid": os.getpid(),
            "comm": 'a"b\nc\x1b[31m',
            "filename": str(strange),
        }
        assert re.fullmatch(TIME, str(record["time"]))
    with running("exec", "--kernel") as command:
        command.line()
        pid = spawn(strange)
        assert command.line(f" {pid} ").endswith(r'/a"b\nc\x1b[31m')


@pytest.mark.kernel
def test_count_stops_by_itself_at_exactly_that_many() -> None:
    with running("exec", "--kernel", "--count", "2") as command:
        command.line()
        for _ in range(5):
            spawn(TRUE)
        assert [" EXEC " in command.line() for _ in range(2)] == [True, True]
        assert command.process.wait(SOON_S) == 0
        assert command.process.stderr
        assert command.process.stderr.read() == "2 events, 0 lost\n"


@pytest.mark.parametrize("place", [pytest.param("--kernel", marks=pytest.mark.kernel), "--vm"])
def test_duration_is_a_bound_whatever_comes(place: str) -> None:
    begin = monotonic()
    done = kring("exec", place, "--duration", "0.5")
    assert 0.5 <= monotonic() - begin < 8
    assert done.returncode == 0
    assert SUMMARY.search(done.stderr)
    assert done.stdout.startswith(COLUMNS + "\n")


@pytest.mark.kernel
def test_a_closed_pipe_ends_it_quietly() -> None:
    command = f"{' '.join(KRING)} exec --kernel | head -1; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=SOON_S)
    assert (done.stdout, done.stderr) == (f"{COLUMNS}\n0\n", "")


def test_the_vm_sees_new_processes_in_proc() -> None:
    with running("exec", "--vm", "--ppid") as command:
        assert command.error_line().endswith("seen in /proc: short-lived ones can be missed")
        command.line("TIME")
        child = subprocess.Popen(["sleep", "5"])
        try:
            found = command.line(f" {child.pid} ")
        finally:
            child.kill()
            child.wait()
        path = os.path.realpath(shutil.which("sleep") or "")
        pids = f"{child.pid:<7} {os.getpid():<7}"
        assert re.fullmatch(rf"{TIME} EXEC  {pids} sleep            {path}", found)
        code, error = command.stop()
    assert code == 0
    assert re.fullmatch(r"\d+ events, 0 lost\n", error)


# The interpreter may lie where only root reads, so all is imported before root is given up.
_AS_NOBODY = """
import contextlib, io, os, sys
from kring.cli import main
with contextlib.redirect_stderr(io.StringIO()), open(os.devnull, "w") as sink:
    out, sys.stdout = sys.stdout, sink
    main(["exec", "--duration", "0"]); main(["exec", "--vm", "--duration", "0"])
    sys.stdout = out
os.setgroups([]); os.setgid(65534); os.setuid(65534)
sys.exit(main(sys.argv[1:]))
"""


def as_nobody(words: Sequence[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", _AS_NOBODY, *words], capture_output=True, text=True, timeout=SOON_S
    )


@pytest.mark.kernel
def test_without_permission_one_line_says_why_and_the_vm_runs_it() -> None:
    done = as_nobody(["exec", "--duration", "0.3"])
    assert done.returncode == 0
    assert done.stdout.startswith(COLUMNS + "\n")
    why, summary = done.stderr.splitlines()
    assert why.startswith("kring: EPERM: ")
    assert "CAP_BPF" in why
    assert "uid 65534" in why
    assert why.endswith(
        "the same bytecode runs in the embedded VM, fed from new processes seen in /proc:"
        " short-lived ones can be missed"
    )
    assert re.fullmatch(r"\d+ events, 0 lost", summary)


@pytest.mark.kernel
def test_kernel_means_the_kernel_or_nothing() -> None:
    done = as_nobody(["exec", "--kernel", "--duration", "0.3"])
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("kring: EPERM: ")
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ([], "required"),
        (["nonsense"], "invalid choice"),
        (["exec", "--count", "many"], "'many' is not a number of events"),
        (["run", "x.py", "--pid", "0"], "'0' is not a number of a process"),
        (["exec", "--duration", "-1"], "'-1' is not a number of seconds"),
        (["exec", "--vm", "--kernel"], "not allowed with"),
        (["exec", "--", "x"], "for `kring run FILE`"),
    ],
)
def test_wrong_usage(words: list[str], complaint: str) -> None:
    done = kring(*words)
    assert done.returncode == 2
    assert complaint in done.stderr
    assert "Traceback" not in done.stderr
