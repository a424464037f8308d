"""What the verifier said, shown at the user's line.

In: a program and the whole log of its refusal. Out: `VerifierError`. The log is read from its end:
the verdict is the last line before the statistics, the instruction it is about the last one shown.
Imported only when a program was refused.
"""

from __future__ import annotations

import re

from kring.btf.ext import LineInfo
from kring.errors import VerifierError
from kring.obj.object import Program
from kring.run.kernel.syscall import error_name

_STATISTICS = (
    "processed ",
    "verification time ",
    "stack depth ",
    "max_states_per_insn ",
    "mark_precise",
)
_INSN = re.compile(r"^(\d+): \([0-9a-f]{2}\)")
_NAMED_INSN = re.compile(r"\binsn (\d+)\b")
_SHOWN = 6


def refused(program: Program, errno: int, log: str) -> VerifierError:
    """The error for a program whose load failed with `errno` and this log."""
    lines = [line.rstrip() for line in log.splitlines() if line.strip()]
    while lines and lines[-1].startswith(_STATISTICS):
        lines.pop()
    reason = lines[-1] if lines else f"{error_name(errno)}, and it did not say why"
    slot = _slot(lines)
    line = None if slot is None else line_of(program, slot)
    where = f"{line.file}:{line.line}:{line.column}: " if line else ""
    at = f" at slot {slot}" if slot is not None and not line else ""
    message = f'{where}the kernel\'s verifier refused program "{program.name}"{at}: {reason}'
    if line:
        message += "".join(f"\n{text}" for text in caret(line))
    if len(lines) > 1:
        message += "\nThe verifier's last lines:"
        message += "".join(f"\n    {text}" for text in lines[-_SHOWN:])
    return VerifierError(message, errno, log)


def _slot(lines: list[str]) -> int | None:
    """The slot the verdict is about: the one it names, or else the last one it looked at."""
    if lines and (named := _NAMED_INSN.search(lines[-1])):
        return int(named[1])
    for line in reversed(lines):
        if shown := _INSN.match(line):
            return int(shown[1])
    return None


def line_of(program: Program, slot: int) -> LineInfo | None:
    """The source line that the instruction at `slot` came from, if the program says."""
    known = [line for line in program.lines if line.slot <= slot]
    return max(known, key=lambda line: line.slot) if known else None


def caret(line: LineInfo) -> list[str]:
    """The source line, and a caret below its column."""
    text = line.line_text.strip()
    if not text:
        return []
    column = line.column - 1 - (len(line.line_text) - len(line.line_text.lstrip()))
    under = [f"    {' ' * column}^"] if 0 <= column <= len(text) else []
    return [f"    {text}", *under]
