"""What programs compile to: `kring dump`, as text beside the source.

In:  a file.
Out: intermediate code or assembler text, each run of instructions below the source line it came
     from, as a comment.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import accumulate
from os.path import basename
from typing import TYPE_CHECKING

from kring.build import build
from kring.frontend.diagnose import source_line
from kring.obj.object import Object, Program
from kring.script import programs_in

if TYPE_CHECKING:
    from kring.abi.isa import Insn
    from kring.btf.blob import Btf
    from kring.ir.core import Fn

_SPAN = re.compile(r' @(?:"(?P<file>[^"]*)":)?(?P<line>\d+):\d+-\S+$')
_FILE = re.compile(r'"([^"]*)" \{$')


def dump(path: str, ir: bool, stage: str | None, json: bool) -> int:
    """Print the intermediate code after a stage, by default the last, or the bytecode."""
    if ir or stage:
        texts = {name: "\n".join(lines) for name, lines in _ir(path, stage)}
    else:
        obj = build(*programs_in(path))
        texts = {program.name: "\n".join(_asm(obj, program)) for program in obj.programs}
    if json:
        from json import dumps

        print(dumps([{"program": name, "text": text} for name, text in texts.items()], indent=2))
    else:
        print("\n\n".join(texts.values()))
    return 0


def _ir(path: str, stage: str | None) -> Iterator[tuple[str, Iterator[str]]]:
    """Each program's name, and its text after the stage's last turn."""
    from kring.ir.text import print_fn

    seen: dict[str, str] = {}
    stages: dict[str, None] = {}

    def keep(program: str, name: str, fn: Fn) -> None:
        stages[name] = None
        if stage in (None, name):
            # As text at once: the next pass changes the function in place.
            seen[program] = print_fn(fn)

    build(*programs_in(path), dump=keep)
    if not seen:
        raise SystemExit(f"no stage {stage!r} changed anything; there were: {', '.join(stages)}")
    for name, text in seen.items():
        yield name, _with_source(text)


def _with_source(text: str) -> Iterator[str]:
    """The text with a comment before each value that came from another line than the one above."""
    file, before = "", ("", 0)
    for line in text.splitlines():
        if head := _FILE.search(line):
            file = head[1]
        if span := _SPAN.search(line):
            here = span["file"] or file, int(span["line"])
            if here != before:
                yield f"  # {_source(*here)}"
                before = here
        yield line


def _asm(obj: Object, program: Program) -> Iterator[str]:
    """The program's assembler text, which `kring.abi.asm` reads back."""
    from kring.abi.asm import format_insns
    from kring.abi.code import decode
    from kring.btf.blob import Btf

    insns = decode(program.code)
    starts = list(accumulate((insn.slots for insn in insns), initial=0))
    notes = _notes(program, insns, starts, Btf(obj.btf) if obj.btf else None)
    lines = {line.slot: _source(line.file, line.line, line.line_text) for line in program.lines}
    functions = {function.slot: function.name for function in program.functions}
    yield f"; {program.section}: {program.name}, {program.slots} slots"
    slots = iter(starts)
    before = ""
    for text in format_insns(insns).splitlines():
        if not text.startswith(" "):
            yield text
            continue
        slot = next(slots)
        if slot and slot in functions:
            yield f"; function {functions[slot]}"
        if lines.get(slot, before) != before:
            before = lines[slot]
            yield f"; {before}"
        note = notes.get(slot)
        yield f"{text:<40} ; {note}" if note else text


def _notes(
    program: Program, insns: list[Insn], starts: list[int], btf: Btf | None
) -> dict[int, str]:
    """What the numbers of some instructions stand for, by slot."""
    from kring.abi.helpers import HELPERS
    from kring.abi.isa import HELPER
    from kring.btf.ext import CoreKind
    from kring.btf.spec import parse_spec

    notes = {
        slot: helper.name if (helper := HELPERS.by_id(insn.imm)) else ""
        for slot, insn in zip(starts, insns, strict=False)
        if insn.op.form == HELPER
    }
    for ref in program.maps:
        notes[ref.slot] = f"map {ref.map}" + (f" + {ref.offset}" if ref.offset else "")
    for called in program.kfuncs:
        notes[called.slot] = called.name
    for reloc in program.core:
        assert btf is not None
        question = reloc.kind.name.lower().replace("_", " ")
        plain = reloc.kind is CoreKind.FIELD_BYTE_OFFSET
        spec = parse_spec(reloc, btf)
        notes[reloc.slot] = str(spec) if plain else f"{question} of {spec}"
    return notes


def _source(file: str, line: int, text: str = "") -> str:
    return f"{basename(file)}:{line}: {(text or source_line(file, line)).strip()}"
