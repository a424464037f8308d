"""The Lisp's forms, one line each: `FORM with a=1 b=-2 => VALUE`, in the `.forms` files.

    (let ((x u8 a)) x)  with a=300  => 300

What is given comes from the packet, so that it is known only at run time; each form is tried again
where all of it is known while compiling, and has the same value. `pkt` leads to the bytes given,
`end` to the packet's end. Forms stand in programs of some dozen, each for itself; what stands
before the first of them are definitions that all of the file may use. `; new` begins another
program, with empty maps.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import case_lisp
import pytest
from case_engines import ENGINES
from test_cases import HERE

from kring.errors import NotPermitted
from lisp_reference import Machine

FILES = sorted(HERE.glob("lisp/*.forms"))
_ENGINES = "reference", "passes", "vm", "kernel"
_MOST = 12
"""Forms in one program."""
_ENTRY = re.compile(r"(?P<form>.*?)(?:\s+with (?P<given>[^()]*?))?\s+=> (?P<value>\S+)$", re.S)


@dataclass(frozen=True)
class Form:
    line: int
    text: str
    given: tuple[tuple[str, int], ...]
    value: int

    def data(self) -> bytes:
        return b"".join((number % (1 << 64)).to_bytes(8, "little") for _, number in self.given)

    def source(self, at: int, slot: int, known: bool) -> str:
        """The form, whose value goes to a slot; its numbers lie at an offset in the packet."""
        bindings = " ".join(
            f"({name} {number})" if known else f"({name} (load u64 pkt {8 * index}))"
            for index, (name, number) in enumerate(self.given)
        )
        return (
            f"(let ((pkt (+ begin {at}))) (let ({bindings})\n"
            f"(setf (getmap form-values {slot}) {self.text})))"
        )


@dataclass(frozen=True)
class Chunk:
    """Some forms of a file that are run as one program."""

    file: Path
    head: str
    forms: tuple[Form, ...]

    def __str__(self) -> str:
        return f"{self.file.stem}:{self.forms[0].line}"

    def data(self) -> bytes:
        return b"".join(form.data() for form in self.forms).ljust(64, b"\0")

    def source(self, known: bool) -> str:
        at, lines = 0, [self.head, _HEAD]
        for slot, form in enumerate(self.forms):
            lines.append(form.source(at, slot, known))
            at += len(form.data())
        length = len(self.data())
        return "\n".join(lines).replace("LENGTH", str(length)) + "\n0))"


_HEAD = f"""\
(defmap form-values :type :array :key-size 4 :value-size 8 :max-entries {_MOST})
(defprog program (:type :xdp)
  (let ((begin (ctx data)) (end (ctx data-end)))
    (when (> (+ begin LENGTH) end) (return 99))"""


@cache
def chunks(file: Path) -> list[Chunk]:
    found: list[Chunk] = []
    head: list[str] = []
    forms: list[Form] = []
    pending: list[str] = []

    def cut() -> None:
        if forms:
            found.append(Chunk(file, "\n".join(head), tuple(forms)))
            forms.clear()

    for number, line in enumerate(file.read_text().splitlines(), 1):
        if line.startswith(";") or not line.strip():
            if line == "; new":
                cut()
            continue
        pending.append(line)
        entry = _ENTRY.match("\n".join(pending))
        if entry is None:
            continue
        if not found and not forms:
            head, pending = _definitions(pending)
            entry = _ENTRY.match("\n".join(pending))
            assert entry is not None
        given = tuple(
            (name, int(value, 0))
            for name, value in (one.split("=") for one in (entry["given"] or "").split())
        )
        value = int(entry["value"], 0) % (1 << 64)
        forms.append(Form(number, entry["form"], given, value))
        pending = []
        if len(forms) == _MOST:
            cut()
    assert not pending, pending
    cut()
    return found


def engines(file: Path) -> list[str]:
    """The engines that a file names, all where it names none."""
    lines = file.read_text().splitlines()
    chosen = next((line for line in lines if line.startswith("; engines:")), "")
    return chosen.split()[2:] or list(_ENGINES)


def _definitions(lines: list[str]) -> tuple[list[str], list[str]]:
    """The definitions among some lines, and what comes after them."""
    last = max((at for at, line in enumerate(lines) if line.startswith("(def")), default=-1)
    while last >= 0 and last + 1 < len(lines) and lines[last + 1].startswith(" "):
        last += 1
    return lines[: last + 1], lines[last + 1 :]


@pytest.mark.parametrize("engine", [
    pytest.param(name, marks=[pytest.mark.kernel] if name == "kernel" else [])
    for name in _ENGINES
])  # fmt: skip
@pytest.mark.parametrize("chunk", [chunk for file in FILES for chunk in chunks(file)], ids=str)
def test_forms(chunk: Chunk, engine: str) -> None:
    if engine not in engines(chunk.file):
        return
    wrong: list[str] = []
    for known in (False, True):
        found = values(chunk, engine, known)
        wrong += [
            f"{chunk.file.name}:{form.line}: {form.text} {dict(form.given)} is {value:#x}, not"
            f" {form.value:#x}{' where all is known' * known}"
            for form, value in zip(chunk.forms, found, strict=True)
            if value != form.value
        ]
    assert not wrong, "\n".join(wrong)


def values(chunk: Chunk, engine: str, known: bool) -> list[int]:
    text = chunk.source(known)
    if engine == "reference":
        machine = Machine(text)
        machine.run("program", chunk.data())
        stored = machine.maps["form-values"].entries.values()
        return [int.from_bytes(value, "little") for value in stored][: len(chunk.forms)]
    names = case_lisp.of_text(text, str(chunk.file))
    program = names["program"]
    try:
        found = ENGINES[engine](
            program, program.maps, {}, ["form_values", "value"], 1, chunk.data(), b""
        )
    except NotPermitted as error:
        pytest.skip(str(error))
    assert found["value"] == 0
    return found["form_values"][: len(chunk.forms)]


def test_there_are_many() -> None:
    assert sum(len(chunk.forms) for file in FILES for chunk in chunks(file)) >= 120
