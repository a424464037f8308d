"""What the benches compare with: the C program by clang, and a loader for it by gcc and libbpf."""

from __future__ import annotations

import subprocess
from pathlib import Path
from platform import machine

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
PROGRAM = ROOT / "examples" / "exec_snoop.py"
_CLANG = ("clang", "-O2", "-g", "-target", "bpf", "-mcpu=v3")
# Without a `--target` for Linux, clang does not search the directory of <asm/types.h>.
_INCLUDE = f"-I/usr/include/{machine()}-linux-gnu"


def clang(out: Path, *defines: str) -> Path:
    """`exec_snoop.c` compiled to the object `out`."""
    flags = [f"-D{name}" for name in defines]
    command = [*_CLANG, _INCLUDE, *flags, "-c", str(HERE / "exec_snoop.c"), "-o", str(out)]
    subprocess.run(command, check=True)
    return out


def loader(out: Path) -> Path:
    """`loader.c` compiled to the program `out`."""
    subprocess.run(["gcc", "-O2", str(HERE / "loader.c"), "-lbpf", "-o", str(out)], check=True)
    return out
