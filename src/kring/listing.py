"""The records of any programs, as lines: `kring run`.

In:  a file's programs, and where to run them.
Out: one line a record, under a header of its type's fields, or one JSON object a line.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from time import sleep
from typing import Any

from kring.cli import say
from kring.decl.programs import Program
from kring.decl.struct import Struct, fields
from kring.decl.types import Char, FieldType, IntType
from kring.run.target import Hook, Target
from kring.script import programs_in
from kring.session import Session, load
from kring.stream.handle import StreamHandle
from kring.tools.live import follow, printable

# Columns for integers of so many bytes; most of 4 bytes are ids, so the largest may jut out.
_WIDTHS = {1: 4, 2: 6, 4: 8, 8: 20}
_WIDEST_TEXT = 16


def run(path: str, args: Sequence[str], on: Target, fed: str, hook: Hook, json: bool) -> int:
    """Print what a file's programs send until Ctrl-C. `fed` is the only hook that fires, empty
    where all do; `hook` is where programs attach whose hook has no name of its own."""
    programs = programs_in(path, args)
    with load(
        *programs, on=on, interface=hook.interface, cgroup=hook.cgroup, pid=hook.pid
    ) as session:
        hooks = sorted({program.target or program.kind.name for program in programs})
        if fed and fed not in hooks:
            say(f"kring: nothing feeds {', '.join(hooks)} in the VM: only {fed} happens there")
            return 0
        say(f"kring: running {', '.join(session.programs)}; Ctrl-C ends")
        _print_all(session, programs, json)
    return 0


def _print_all(session: Session, programs: Sequence[Program], json: bool) -> None:
    streams = dict(_streams(session))
    kind = _JsonLines if json else _Columns
    printers = {name: kind(name, len(streams) > 1) for name in streams}
    for name, stream in streams.items():
        stream.subscribe(printers[name].print)

    def step(timeout: float, _: int) -> int:
        if streams:
            return session.poll(timeout)
        sleep(timeout)
        return 0

    follow(step)
    # Without new ones coming, printing what is still there makes the numbers add up.
    for program in programs:
        session[program].detach()
    while streams and session.poll(0):
        continue
    sys.stdout.flush()
    for name, stream in streams.items():
        lost = "losses not counted" if stream.dropped is None else f"{stream.dropped} lost"
        say(f"{name}: {printers[name].count} events, {lost}")


def _streams(session: Session) -> Iterator[tuple[str, StreamHandle[Any]]]:
    for name, handle in session.maps.items():
        if isinstance(handle, StreamHandle):
            yield name, handle


class _JsonLines:
    """Prints the records of one stream as objects, and counts them."""

    def __init__(self, name: str, labelled: bool) -> None:
        from json import dumps

        self.count = 0
        self._name = name
        self._dumps = dumps

    def print(self, record: object) -> None:
        self.count += 1
        print(self._dumps({"stream": self._name, "record": plain(record)}))


def plain(value: Any) -> Any:
    """A field's value as JSON knows it; bytes become hexadecimal digits."""
    match value:
        case Struct():
            return {field.name: plain(getattr(value, field.name)) for field in fields(type(value))}
        case bytes():
            return value.hex()
        case _:
            return value


class _Columns:
    """Prints the records of one stream, the first below a header, and counts them."""

    def __init__(self, name: str, labelled: bool) -> None:
        self.count = 0
        self._label = f"{name}: " if labelled else ""
        self._columns: list[tuple[str, int]] = []

    def print(self, record: object) -> None:
        if not self.count:
            self._print_header(record)
        self.count += 1
        values = [getattr(record, name) for name, _ in self._columns] or [record]
        widths = [width for _, width in self._columns] or [0]
        print(self._label + _row(zip(map(text_of, values), widths, strict=True)))

    def _print_header(self, record: object) -> None:
        if isinstance(record, Struct):
            kinds = fields(type(record))
            self._columns = [(f.name, max(len(f.name), _width(f.type))) for f in kinds]
            print(self._label + _row((name.upper(), width) for name, width in self._columns))


def _row(cells: Iterable[tuple[str, int]]) -> str:
    return " ".join(f"{text:<{width}}" for text, width in cells).rstrip()


def _width(kind: FieldType) -> int:
    match kind:
        case IntType(size):
            return _WIDTHS[size]
        case Char(size):
            return min(size, _WIDEST_TEXT)
        case _:
            return 0


def text_of(value: Any) -> str:
    """A field's value for a person: bytes as hexadecimal digits, structs in braces."""
    match value:
        case Struct():
            inside = (f"{f.name}={text_of(getattr(value, f.name))}" for f in fields(type(value)))
            return "{" + " ".join(inside) + "}"
        case bytes():
            return value.hex()
        case str():
            return printable(value)
        case int():
            return str(value)
        case _:
            return ",".join(map(str, value))
