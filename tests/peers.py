"""Tools that are not kring's, for comparing with: a test that lacks one skips and says so."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from pathlib import Path

import pytest

BPFFS = Path("/sys/fs/bpf")
C_PROGRAMS = Path(__file__).parent / "objects"
_BESIDES = ("/usr/sbin", "/usr/local/sbin", "/usr/local/go/bin", "/root/.cargo/bin")
_MACHINE = platform.machine()
_CLANG = (
    "-O2", "-g", "-target", "bpf", f"-D__TARGET_ARCH_{_MACHINE.replace('x86_64', 'x86')}",
    f"-I/usr/include/{_MACHINE}-linux-gnu", f"-I{C_PROGRAMS}",
)  # fmt: skip


def tool(name: str) -> str:
    """The command's path."""
    found = shutil.which(name, path=os.pathsep.join((os.environ.get("PATH", ""), *_BESIDES)))
    if found is None:
        pytest.skip(f"{name} is not here")
    return found


def clang(source: str | Path, into: Path, *more: str) -> Path:
    """The object that clang makes of a C source for BPF: of its text, or of a file."""
    if isinstance(source, str):
        path = into / "x.bpf.c"
        path.write_text(source)
    else:
        path = source
    return Compiling(path, into, *more).object()


class Compiling:
    """Clang at work on a file; `object` waits for what it makes."""

    def __init__(self, source: Path, into: Path, *more: str) -> None:
        stem = source.name.removesuffix(".c").removesuffix(".bpf")
        self._made = into / f"{stem}.bpf.o"
        self._said = into / f"{stem}.txt"
        command = [tool("clang"), *_CLANG, *more, "-c", str(source), "-o", str(self._made)]
        with self._said.open("w") as said:
            self._process = subprocess.Popen(command, stderr=said)

    def wait(self) -> None:
        self._process.wait()

    def object(self) -> Path:
        self.wait()
        said = self._said.read_text()
        if "file not found" in said:
            pytest.skip("libbpf's headers are not here: libbpf-dev has them")
        assert self._process.returncode == 0, said
        return self._made


def c_program(name: str, into: Path) -> Path:
    """The object of a C program of tests/objects."""
    return clang(C_PROGRAMS / f"{name}.bpf.c", into)
