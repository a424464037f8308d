"""What the benches compare with: exec_snoop in C by clang, a loader for it by gcc and libbpf."""

from __future__ import annotations

import subprocess
from pathlib import Path

from sides import clang as compiled

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
PROGRAM = ROOT / "examples" / "exec_snoop.py"


def clang(out: Path, *defines: str) -> Path:
    """`exec_snoop.c` compiled to the object `out`."""
    return compiled(HERE / "pairs" / "exec_snoop.c", out, *defines)


def loader(out: Path) -> Path:
    """`loader.c` compiled to the program `out`."""
    subprocess.run(["gcc", "-O2", str(HERE / "loader.c"), "-lbpf", "-o", str(out)], check=True)
    return out
