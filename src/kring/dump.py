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

from kring.cli import say_notes
from kring.errors import ObjectError
from kring.obj.object import MapRef, Object, Program
from kring.open import from_file, is_object
from kring.spelling import is_lisp

if TYPE_CHECKING:
    from kring.abi.isa import Insn
    from kring.build import Dump
    from kring.ir.core import Fn
    from kring.obj.globals import Variable

_SPAN = re.compile(r' @(?:"(?P<file>[^"]*)":)?(?P<line>\d+):\d+-\S+$')
_FILE = re.compile(r'"([^"]*)" \{$')


def dump(path: str, ir: bool, stage: str | None, json: bool) -> int:
    """Print the intermediate code after a stage, by default the last, or the bytecode."""
    if is_object(path):
        if ir or stage:
            raise SystemExit("kring: an object has bytecode only; --ir and --stage are for sources")
        from kring.contents import contents

        return contents(from_file(path), json)
    if ir or stage:
        texts = {name: "\n".join(lines) for name, lines in _ir(path, stage)}
    else:
        obj = _built(path)
        texts = {program.name: "\n".join(assembler(obj, program)) for program in obj.programs}
    if json:
        from json import dumps

        print(dumps([{"program": name, "text": text} for name, text in texts.items()], indent=2))
    else:
        print("\n\n".join(texts.values()))
    return 0


def _built(path: str, dump: Dump | None = None) -> Object:
    """The object of a source file."""
    if is_lisp(path):
        from kring.lisp import built

        obj, module = built(path, dump=dump)
        say_notes(module.notes)
        return obj
    from kring.build import build
    from kring.script import programs_in

    return build(*programs_in(path), dump=dump)


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

    _built(path, keep)
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


def assembler(obj: Object, program: Program) -> Iterator[str]:
    """The program's assembler text, which `kring.abi.asm` reads back."""
    from kring.abi.asm import format_insns
    from kring.abi.code import decode

    yield f"; {program.section}: {program.name}, {program.slots} slots"
    try:
        insns = decode(program.code)
    except ObjectError as error:
        yield from _undecoded(obj, program, error)
        return
    starts = list(accumulate((insn.slots for insn in insns), initial=0))
    helpers = _helpers(insns, starts)
    notes = helpers | {slot: text for slot, _, text in relocated(obj, program)}
    lines = {
        line.slot: _source(line.file, line.line, line.line_text)
        for line in program.lines
        if line.line
    }
    functions = {function.slot: function.name for function in program.functions}
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


def _undecoded(obj: Object, program: Program, error: ObjectError) -> Iterator[str]:
    """The slots as they are."""
    yield f"; not shown: {error}"
    notes = {slot: f"  {text}" for slot, _, text in relocated(obj, program)}
    for slot in range(program.slots):
        code = program.code[slot * 8 : slot * 8 + 8]
        yield f"; {slot:>4}  {code.hex(' ')}{notes.get(slot, '')}"


def _helpers(insns: list[Insn], starts: list[int]) -> dict[int, str]:
    """The names of the helpers that are called, by slot."""
    from kring.abi.helpers import HELPERS
    from kring.abi.isa import HELPER

    return {
        slot: helper.name if (helper := HELPERS.by_id(insn.imm)) else ""
        for slot, insn in zip(starts, insns, strict=False)
        if insn.op.form == HELPER
    }


def relocated(obj: Object, program: Program) -> Iterator[tuple[int, str, str]]:
    """What loading changes in a program: slot, kind, and what the number there stands for."""
    placed = any(ref.offset is not None for ref in program.maps)
    variables = [*obj.variables().items()] if placed else []
    for ref in program.maps:
        yield ref.slot, "map", f"map {ref.map}" + _offset(variables, ref)
    for called in program.kfuncs:
        yield called.slot, "kfunc", called.name + " (weak)" * called.weak
    for symbol in program.ksyms:
        yield symbol.slot, "ksym", f"kernel's {symbol.name}" + " (weak)" * symbol.weak
    if program.core:
        yield from _core(obj, program)


def _offset(variables: list[tuple[str, Variable]], ref: MapRef) -> str:
    """Where in the map's value: in which variable, if that is known."""
    offset = ref.offset or 0
    text = f" + {offset}" if offset else ""
    for name, one in variables:
        if one.map == ref.map and one.offset <= offset < one.offset + one.size:
            inside = offset - one.offset
            return f"{text}: {name}" + (f" + {inside}" if inside else "")
    return text


def _core(obj: Object, program: Program) -> Iterator[tuple[int, str, str]]:
    from kring.btf.blob import Btf
    from kring.btf.ext import CoreKind
    from kring.btf.spec import parse_spec

    btf = Btf(obj.btf, where=obj.name)
    for reloc in program.core:
        question = reloc.kind.name.lower().replace("_", " ")
        try:
            spec = str(parse_spec(reloc, btf))
        except ObjectError as error:
            spec = str(error)
        plain = reloc.kind is CoreKind.FIELD_BYTE_OFFSET
        yield reloc.slot, "core", spec if plain else f"{question} of {spec}"


def _source(file: str, line: int, text: str = "") -> str:
    if not text:
        from kring.frontend.diagnose import source_line

        text = source_line(file, line)
    return f"{basename(file)}:{line}: {text.strip()}"
