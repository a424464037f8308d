"""What works: `kring check` for the programs of a file, `kring doctor` for this machine.

In:  a file, or nothing, and where to run.
Out: a table, or the same rows as JSON; exit code 1 where something does not work.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence

from kring.abi.programs import parse_section
from kring.cli import error_text, say_notes
from kring.decl.programs import Program
from kring.errors import CompileError, KringError
from kring.obj.object import Map, Object
from kring.open import from_file, is_object
from kring.record import record, replace
from kring.run.kernel.features import Feature, features
from kring.run.kernel.kernel import Kernel
from kring.run.target import Target
from kring.script import programs_in
from kring.session import Session, load
from kring.spelling import is_lisp


@record
class Verdict:
    """What loading one program gave; `slots` and `processed` are None where nobody knows."""

    program: str
    section: str
    verdict: str
    slots: int | None
    processed: int | None
    error: str | None


def check(path: str, on: Target, json: bool, log: bool = False) -> int:
    """Load each program of a file by itself and attach none; `log` shows all the verifier said."""
    if is_object(path):
        rows = list(_of_object(path, on, log))
    elif is_lisp(path):
        rows = list(_of_lisp(path, on, log))
    else:
        rows = [_of_source(program, on, log) for program in programs_in(path)]
    failed = [row for row in rows if row.verdict not in ("ok", _OPTIONAL)]
    if json:
        _print_json(rows)
    else:
        names = ("program", "section", "verdict", "slots", "processed")
        print_table(names, [[_cell(getattr(row, name)) for name in names] for row in rows])
        # Several programs often fail for one and the same reason.
        for text in dict.fromkeys(row.error for row in failed):
            print(f"\n{text}", file=sys.stderr)
    return 1 if failed else 0


_OPTIONAL = "optional"
"""The verdict on a program that is not loaded unless asked for."""


def _of_object(path: str, on: Target, log: bool) -> Iterator[Verdict]:
    obj = from_file(path)
    if not obj.programs:
        raise SystemExit(f"kring: {path} has no program")
    obj = replace(obj, maps=tuple(_unshared(one) for one in obj.maps))
    others = {program.name: False for program in obj.programs}
    for program in obj.programs:
        if program.autoload:
            alone = obj.replace(autoload={**others, program.name: True})
            session = load(alone, on=on, attach=False)
            verdict = _verdict(session, program.name, program.section, on, log)
            yield replace(verdict, slots=program.slots)
        else:
            yield Verdict(program.name, program.section, _OPTIONAL, program.slots, None, None)


def _of_lisp(path: str, on: Target, log: bool) -> Iterator[Verdict]:
    from kring.lisp import apart

    found, notes = apart(path, on)
    say_notes(notes)
    for program, made in found:
        if isinstance(made, CompileError):
            text = error_text(made)
            verdict = Verdict(program.name, program.section, _verdict_word(made), None, None, text)
        else:
            session = load(made, on=on, attach=False)
            loaded = _verdict(session, program.name, program.section, on, log)
            verdict = replace(loaded, slots=made.programs[0].slots)
        yield verdict


def _unshared(map: Map) -> Map:
    """The map, which is not pinned unless it is already: checking leaves nothing behind."""
    from kring.run.kernel.shared import shared_path

    return replace(map, pinned=map.pinned and os.path.lexists(shared_path(map)))


def _of_source(program: Program, on: Target, log: bool) -> Verdict:
    session = load(program, on=on, attach=False)
    verdict = _verdict(session, program.name, program.section, on, log)
    return replace(verdict, slots=session.object.programs[0].slots if session.object else None)


def _verdict(session: Session, program: str, section: str, on: Target, log: bool) -> Verdict:
    """What becomes of the session's only program; nothing is said of its slots."""
    verdict, processed, text = "ok", None, None
    try:
        with session:
            (loaded,) = session.programs.values()
            processed = loaded.insns_processed or None
        _check_hook(section, on)
    except KringError as error:
        verdict, text = _verdict_word(error), error_text(error, log).removeprefix("kring: ")
    return Verdict(program, section, verdict, None, processed, text)


def _check_hook(section: str, on: Target) -> None:
    """Refuse a tracepoint that does not exist: loading alone does not ask for it."""
    kind, target = parse_section(section)
    if isinstance(on, Kernel) and kind.name == "tracepoint" and target:
        runtime = on.open(Object("check", ()))
        try:
            runtime.tracepoint(target)
        finally:
            runtime.close()


def _verdict_word(error: KringError) -> str:
    return "does not compile" if isinstance(error, CompileError) else "refused"


def doctor(kernel: Kernel, json: bool) -> int:
    """Show what this machine offers; live events are possible if the last row is ok."""
    rows = [_system(), *features(), _live_events(kernel)]
    if json:
        _print_json(rows)
    else:
        marks = [[row.name, "ok" if row.ok else "NO", row.found, row.cure] for row in rows]
        print_table(("what", "works", "found", "cure"), marks)
    return 0 if rows[-1].ok else 1


def _system() -> Feature:
    system = os.uname()
    tested = system.sysname == "Linux" and system.machine == "x86_64"
    cure = "" if tested else "kring is tested on x86-64 Linux only"
    return Feature("system", tested, f"{system.sysname} {system.release} {system.machine}", cure)


def _live_events(kernel: Kernel) -> Feature:
    """The proof: the program of `kring exec`, loaded and attached."""
    from kring.tools.exec import on_exec

    try:
        with load(on_exec, on=kernel):
            return Feature("live events", True, "kring exec works")
    except (KringError, OSError) as error:
        found, _, cure = error_text(error).removeprefix("kring: ").partition(" Try: ")
        return Feature("live events", False, found, cure or "kring exec --vm needs no kernel")


def _cell(value: object) -> str:
    return "-" if value is None else str(value)


def _print_json(rows: Sequence[Verdict] | Sequence[Feature]) -> None:
    from json import dumps

    print(
        dumps([{name: getattr(row, name) for name in row.__match_args__} for row in rows], indent=2)
    )


def print_table(names: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Rows under their names: for a person at a terminal a drawn table, else plain columns."""
    if sys.stdout.isatty():
        _print_drawn(names, rows)
        return
    lines = [[name.upper() for name in names], *rows]
    widths = [max(len(line[at]) for line in lines) for at in range(len(names))]
    for line in lines:
        cells = (f"{cell:<{width}}" for cell, width in zip(line, widths, strict=True))
        print("  ".join(cells).rstrip())


def _print_drawn(names: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(*names)
    for row in rows:
        table.add_row(*(Text(cell, _COLOURS.get(cell, "")) for cell in row))
    Console().print(table)


_COLOURS = {"ok": "green", "NO": "red", "refused": "red", "does not compile": "red"}
