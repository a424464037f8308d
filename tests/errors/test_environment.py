"""What the author of a right program sees where the system, or the way it is run, is wrong."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import kring
from kring.errors import NotPermitted

HERE = Path(__file__).parent
EXAMPLE = HERE.parent.parent / "examples" / "exec_snoop.py"
RUN = f"import runpy; runpy.run_path({str(EXAMPLE)!r}, run_name='__main__')"
SOON_S = 20.0

# Everything needed is imported before the privileges go: the interpreter's files may be root's.
_AS_NOBODY = """
import linecache, os, kring, kring.build, kring.session, kring.run.kernel.kernel
import kring.frontend.python
import kring.obj.misfit, difflib
from kring.run.kernel import privilege
linecache.getlines({example!r})
os.setgroups([]); os.setresgid(65534, 65534, 65534); os.setresuid(65534, 65534, 65534)
"""
SITUATIONS = {
    "not_root": _AS_NOBODY.format(example=str(EXAMPLE))
    + f"exec(compile({EXAMPLE.read_text()!r}, {str(EXAMPLE)!r}, 'exec'))",
    "no_btf": "import kring.run.kernel.kernel as k; k.VMLINUX = '/no/such/file'\n" + RUN,
    "btf_file_missing": "import kring, functools\n"
    "kring.load = functools.partial(kring.load, on=kring.Kernel(btf='/no/such/vmlinux'))\n" + RUN,
    "no_source": """
import kring
@kring.syscall
def program():
    return 1
kring.build(program)
""",
}


@pytest.mark.kernel
@pytest.mark.parametrize("situation", SITUATIONS)
def test_situation(situation: str, bless: Callable[[Path, str], None]) -> None:
    if situation == "not_root" and os.geteuid():
        pytest.skip("only root can become nobody")
    done = subprocess.run(
        [sys.executable, "-c", SITUATIONS[situation]],
        capture_output=True, text=True, timeout=SOON_S,
    )  # fmt: skip
    assert done.returncode == 1
    lines = done.stderr.rstrip().splitlines()
    # The error is the last line that is not indented, and its notes.
    last = max(at for at, line in enumerate(lines) if line[:1] != " ")
    text = "\n".join(lines[last:]).replace(f"{EXAMPLE.parent}/", "")
    bless(HERE / f"{situation}.err", text.replace(sys.executable, "python"))


class Interrupted(Exception):
    """Stands for KeyboardInterrupt, which pytest would take for its own."""


@pytest.mark.kernel
def test_an_interrupt_during_load_leaves_nothing_open() -> None:
    @kring.syscall
    def program() -> int:
        return 7

    def interrupt(*_: object) -> None:
        raise Interrupted

    try:
        with kring.load(program) as s:
            assert s[program].run().value == 7
    except NotPermitted as error:
        pytest.skip(str(error))
    before = sorted(os.listdir("/proc/self/fd"))
    old = signal.signal(signal.SIGALRM, interrupt)
    interrupted = 0
    try:
        for step in range(60):
            try:
                signal.setitimer(signal.ITIMER_REAL, 0.0001 + step * 0.0001)
                with kring.load(program):
                    signal.setitimer(signal.ITIMER_REAL, 0)
            except Interrupted:
                interrupted += 1
            finally:
                signal.setitimer(signal.ITIMER_REAL, 0)
    finally:
        signal.signal(signal.SIGALRM, old)
    assert interrupted > 3
    assert sorted(os.listdir("/proc/self/fd")) == before
