"""One instruction-set case: a `.data` file in the sections of the public conformance suites.

-- asm              the program, as assembler text
-- raw              the program, one 64-bit hexadecimal number per slot; with asm, its encoding
-- mem              hexadecimal bytes that r1 points to (r2 is their number)
-- result           r0 when the program exits
-- error            words of the error with which assembler, decoder or VM refuses
-- kernel-reject    words of the verifier's log; may stand on the line itself after a colon
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

KNOWN = ("asm", "raw", "mem", "result", "error", "kernel-reject")


@dataclass(frozen=True, slots=True)
class Case:
    """A parsed file; sections that it lacks are None."""

    path: Path
    asm: str | None
    raw: bytes | None
    mem: bytes
    result: int | None
    error: str | None
    kernel_reject: str | None


def read_case(path: Path) -> Case:
    """The case a file holds."""
    sections = _sections(path.read_text())
    raw, result = sections.get("raw"), sections.get("result", "").strip()
    return Case(
        path,
        asm=sections.get("asm"),
        raw=None if raw is None else b"".join(_slot(word) for word in raw.split()),
        mem=bytes.fromhex(sections.get("mem", "")),
        result=int(result, 0) & (1 << 64) - 1 if result else None,
        error=sections["error"].strip() if "error" in sections else None,
        kernel_reject=sections.get("kernel-reject", "").strip() or None,
    )


def _sections(text: str) -> dict[str, str]:
    """The lines under each known heading; lines under others belong to nobody."""
    sections: dict[str, str] = {}
    current = ""
    for line in text.splitlines():
        if line.startswith("--"):
            current, _, rest = line.lstrip("- ").partition(":")
            current = current.strip()
            if current in KNOWN:
                sections[current] = rest
        elif current in KNOWN:
            body = line if current == "asm" else line.split("#")[0]
            sections[current] += body + "\n"
    return sections


def _slot(word: str) -> bytes:
    return struct.pack("<Q", int(word, 16))
