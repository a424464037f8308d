"""What the benches compare with: exec_snoop in C by clang, and C by gcc with libbpf."""

from __future__ import annotations

import subprocess
from pathlib import Path
from shutil import which

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
PROGRAM = ROOT / "examples" / "exec_snoop.py"


def clang(out: Path, *defines: str) -> Path:
    """`exec_snoop.c` compiled to the object `out`."""
    # Only this needs what reads ELF files.
    from sides import clang as compiled

    return compiled(HERE / "pairs" / "exec_snoop.c", out, *defines)


def loader(out: Path) -> Path:
    """`loader.c` compiled to the program `out`."""
    return gcc("loader.c", out)


def gcc(source: str, out: Path, *flags: str) -> Path:
    """A C file of this folder, compiled with libbpf to `out`."""
    command = ["gcc", "-O2", *flags, str(HERE / source), "-lbpf", "-o", str(out)]
    if which("gcc") is None or subprocess.run(command).returncode:
        raise SystemExit(f"{source} cannot be compiled: it takes gcc and libbpf-dev")
    return out
