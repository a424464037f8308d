"""What the verifier said, shown at the user's line.

In: a program and the whole log of its refusal. Out: `VerifierError`: the line, what is wrong in
plain words and the cure if `remedies` knows the refusal, and the words of the log that matter. The
log is read from its end: the verdict is what follows the last instruction shown.
Imported only when a program was refused.
"""

from __future__ import annotations

import re
from errno import E2BIG

from kring.btf.ext import LineInfo
from kring.errors import VerifierError
from kring.obj.object import Program
from kring.run.kernel.remedies import find
from kring.run.kernel.syscall import error_name
from kring.spelling import is_lisp

_STATISTICS = (
    "processed ",
    "verification time ",
    "stack depth ",
    "max_states_per_insn ",
    "mark_precise",
)
_STATE = re.compile(
    r"^(cur state|old state|callee|caller): ?|^ ?frame\d+: |^\d+: (frame\d+: )?R\d+="
)
_INSN = re.compile(r"^(\d+): \([0-9a-f]{2}\)")
_SOURCE = re.compile(r"^; .* @ .*:\d+$|^from \d+ to \d+")
_NAMED_INSN = re.compile(r"\binsn (\d+)\b")
_READ = 1 << 16
"""Characters at the end of a log that are looked at."""
_SHOWN = 2
_NEAR = 5
"""Lines at the end of a log that a verdict, and the instruction it is about, are among."""


def refused(program: Program, errno: int, log: str) -> VerifierError:
    """The error for a program whose load failed with `errno` and this log."""
    lines = [line.rstrip() for line in log[-_READ:].splitlines() if line.strip()]
    while lines and lines[-1].startswith(_STATISTICS):
        lines.pop()
    if lines:
        # One message of the kernel lacks its newline.
        lines[-1] = lines[-1].partition("processed ")[0] or lines[-1]
    said = _verdict(lines)
    slot = _slot(lines)
    line = None if slot is None else line_of(program, slot)
    where = f"{line.file}:{line.line}:{line.column}: " if line else ""
    at = f" at slot {slot}" if slot is not None and not line else ""
    last = [line for line in lines[-_NEAR:] if _INSN.match(line)][-1:]
    words, cure = _explained(program, [*last, *said], bool(line) and is_lisp(line.file))
    reason = words or (said[-1] if said else _silent(program, errno))
    text = [f'{where}the kernel\'s verifier refused program "{program.name}"{at}: {reason}']
    if line:
        text += caret(line)
    if cure:
        text.append(f"  {cure}")
    if words or len(said) > 1:
        text += ["The verifier said:", *(f"    {one}" for one in said)]
    if count := log.count("\n"):
        text.append(
            f"Its whole log, {count} lines, is the `log` of this error; "
            "`kring check FILE --verifier-log` shows it"
        )
    return VerifierError("\n".join(text), errno, log)


def _verdict(lines: list[str]) -> list[str]:
    """The last lines that are neither code nor what is known of registers."""
    said: list[str] = []
    for line in reversed(lines):
        if _STATE.match(line):
            continue
        if _INSN.match(line) or _SOURCE.match(line) or len(said) == _SHOWN:
            break
        said.insert(0, line)
    return said


def _explained(program: Program, said: list[str], lisp: bool) -> tuple[str, str]:
    """What that means and what to do, in the program's own language; empty if the refusal is not
    known."""
    found = find("\n".join(said))
    if found is None:
        return "", ""
    remedy, match = found
    groups = match.groupdict()
    if insn := groups.get("insn"):
        line = line_of(program, int(insn))
        groups["insn"] = f"line {line.line}" if line else f"slot {insn}"
    return remedy.meaning.format_map(groups), (lisp and remedy.lisp) or remedy.cure


def _silent(program: Program, errno: int) -> str:
    if errno == E2BIG:
        return f"it has {program.slots} instructions, more than the kernel takes"
    return f"{error_name(errno)}, and it did not say why"


def _slot(lines: list[str]) -> int | None:
    """The slot the verdict is about: the one it names, or else the last one it looked at."""
    for line in reversed(lines[-_NEAR:]):
        if not _INSN.match(line) and (named := _NAMED_INSN.search(line)):
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
