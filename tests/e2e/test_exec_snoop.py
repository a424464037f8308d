"""exec_snoop.py as it is: every program started is shown, with its true id, name and file."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from re import fullmatch
from select import select

import pytest
from spawning import TRUE, Exec, spawn

from kring import Program, RingBuf, load

pytestmark = pytest.mark.kernel

ROOT = Path(__file__).parents[2]
PLACES = (ROOT.parent / "shared" / "programs", ROOT / "examples")
PROGRAM = next(place / "exec_snoop.py" for place in PLACES if (place / "exec_snoop.py").exists())


@pytest.fixture
def programs(tmp_path: Path) -> list[Path]:
    """Fifty programs with names of all lengths, some longer than a `comm` can hold."""
    made = [tmp_path / f"{at:02}{'x' * (at // 2)}" for at in range(50)]
    for path in made:
        path.symlink_to(TRUE)
    return made


def imported() -> tuple[Program, RingBuf[Exec]]:
    """The program and the ring of exec_snoop.py as a module, not run."""
    spec = spec_from_file_location("exec_snoop", PROGRAM)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    sys.modules["exec_snoop"] = module
    spec.loader.exec_module(module)
    return module.on_exec, module.events


@contextmanager
def watching() -> Generator[subprocess.Popen[str]]:
    """exec_snoop.py in a process of its own, gone when the block is left."""
    with subprocess.Popen(
        [sys.executable, "-u", str(PROGRAM)], stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            # A line on its output means that it is attached.
            while not select([process.stdout], [], [], 0.05)[0]:
                spawn()
            yield process
        finally:
            process.kill()


def test_run_as_a_script(programs: list[Path]) -> None:
    with watching() as process:
        started = {spawn(path): path for path in programs}
        last = spawn(programs[0])
        assert process.stdout is not None
        shown: dict[int, list[str]] = {}
        pid = ""
        for line in process.stdout:
            time, kind, pid, *rest = line.split()
            assert fullmatch(r"\d\d:\d\d:\d\d EXEC", f"{time} {kind}")
            if int(pid) == last:
                break
            shown[int(pid)] = rest
        assert pid == str(last), "exec_snoop.py ended by itself"
    ours = {pid: shown[pid] for pid in started if pid in shown}
    assert ours == {pid: [path.name[:15], str(path)] for pid, path in started.items()}


def test_run_from_a_module(programs: list[Path]) -> None:
    program, events = imported()
    with load(program) as s:
        started = {spawn(path): path for path in programs}
        records = s[events].poll(timeout=5)
        assert s[events].dropped == 0
    ours = [record for record in records if record.pid in started]
    assert [record.pid for record in ours] == list(started)
    for record, path in zip(ours, started.values(), strict=True):
        assert record.ppid == os.getpid()
        assert record.comm == path.name[:15]
        assert record.filename == str(path)


def test_a_file_name_too_long_for_its_field_is_cut(tmp_path: Path) -> None:
    program, events = imported()
    size = 512
    deep = tmp_path.joinpath(*["d" * 200] * 3)
    deep.mkdir(parents=True)
    path = deep / "true"
    path.symlink_to(TRUE)
    with load(program) as s:
        pid = spawn(path)
        (record,) = [one for one in s[events].poll(timeout=5) if one.pid == pid]
    assert record.filename == str(path)[: size - 1]
    assert record.comm == "true"
