"""What the objects of this directory are, and what their first lines say of them.

A C file begins with a sentence on what it is about, and then, one a line:

    // clang: FLAGS            more arguments of the compiler
    // run: PROGRAM [data=BYTES] [ctx=BYTES] [= VALUE]
                               a test-run after loading, and its result; runs follow each other
    // refused: PATTERN        neither loads it; the pattern is found in kring's words
    // libbpf refuses: PATTERN kring loads it, libbpf 1.1 does not and says so
    // host may refuse: PATTERN
                               both load it, or neither; the pattern is found in kring's words
    // vm refuses: PATTERN     the VM cannot run it and says so
    // differs: NAME NAME      what is not compared: contents of maps by name, `runs`, `programs`,
                               or the results in the `vm`
    // pinned: NAME            what it leaves in the BPF file system

BYTES are hexadecimal, `45*20` many times the same, parts joined by commas. What is said of neither
is loaded by both, and what both load is compared: programs, maps, results, and what maps hold.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).parent
WORDS = {"clang", "run", "refused", "libbpf refuses", "host may refuse", "vm refuses", "differs",
         "pinned"}  # fmt: skip


@dataclass(frozen=True)
class Run:
    """A test-run; `value` is the expected result, None where both need only agree."""

    program: str
    data: bytes = b""
    ctx: bytes = b""
    value: int | None = None


@dataclass(frozen=True)
class Case:
    source: Path
    flags: tuple[str, ...] = ()
    runs: tuple[Run, ...] = ()
    refused: str = ""
    libbpf_refuses: str = ""
    host_may_refuse: str = ""
    differs: tuple[str, ...] = ()
    pinned: str = ""
    vm_refuses: str = ""
    name: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", self.source.name.removesuffix(".bpf.c"))


def cases() -> list[Case]:
    return [case(path) for path in sorted(HERE.glob("*.bpf.c"))]


def case(path: Path) -> Case:
    """What the comment at a file's beginning says."""
    lines = path.read_text().splitlines()
    comment = [line.removeprefix("// ") for line in lines if line.startswith("// ")]
    said: dict[str, list[str]] = {}
    for line in comment:
        word, colon, rest = line.partition(": ")
        if word in WORDS and colon:
            said.setdefault(word, []).append(rest)
    one = {word: rests[0] for word, rests in said.items()}
    return Case(
        path,
        tuple(one.get("clang", "").split()),
        tuple(run(rest) for rest in said.get("run", ())),
        one.get("refused", ""),
        one.get("libbpf refuses", ""),
        one.get("host may refuse", ""),
        tuple(one.get("differs", "").split()),
        one.get("pinned", ""),
        one.get("vm refuses", ""),
    )


def run(text: str) -> Run:
    parts = re.fullmatch(r"(\w+)(?: data=(\S+))?(?: ctx=(\S+))?(?: = (\d+))?", text)
    assert parts, f"not a run: {text!r}"
    program, data, ctx, value = parts.groups()
    return Run(program, octets(data), octets(ctx), None if value is None else int(value))


def octets(text: str | None) -> bytes:
    parts = (part.partition("*") for part in (text or "").split(","))
    return b"".join(bytes.fromhex(what) * int(times or 1) for what, _, times in parts)
