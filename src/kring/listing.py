"""The records of any programs, as lines: `kring run`.

In:  a Python or Lisp file's programs or an object, and where to run them.
Out: one line a record, under a header of its type's fields, or one JSON object a line; records of
     which nobody knows the type byte by byte.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from time import sleep
from typing import Any

from kring.cli import say, say_notes
from kring.decl.programs import Program
from kring.decl.struct import Struct, fields
from kring.decl.types import FieldType
from kring.errors import AttachError
from kring.obj.object import Object
from kring.open import from_file, is_object
from kring.run.spec import kind_of
from kring.run.target import Hook, Target
from kring.script import programs_in
from kring.session import Session, load
from kring.shown import dump, plain, text_of, width
from kring.spelling import article, is_lisp
from kring.stream.handle import StreamHandle
from kring.tools.live import follow

_MOST_CANDIDATES = 3
_ARGUMENT, _OPTION = re.compile(r'load\(…, (\w+)="([^"]+)"\)'), r"--\1 \2"
"""An argument of `load`, and the option that means the same here."""


def run(
    path: str,
    args: Sequence[str],
    on: Target,
    fed: str,
    hook: Hook,
    json: bool,
    records: Sequence[str] = (),
) -> int:
    """Print what a file's programs send until Ctrl-C. `fed` is the only hook that fires, empty
    where all do; `hook` is where programs attach whose hook has no name of its own; `records` says
    what an object's streams carry."""
    if is_lisp(path):
        programs, hooks, known = _of_lisp(path, args, records, on)
    else:
        of = _of_object if is_object(path) else _of_python
        programs, hooks, known = of(path, args, records)
    session = load(
        *programs, on=on, interface=hook.interface, cgroup=hook.cgroup, pid=hook.pid, records=known
    )
    try:
        with session:
            for asks in session.unattached.values():
                say(f"kring: not attached: {_ARGUMENT.sub(_OPTION, asks)}")
            return _follow_all(session, hooks, fed, json)
    except AttachError as error:
        error.args = (_ARGUMENT.sub(_OPTION, str(error)), *error.args[1:])
        raise


_Runnable = tuple[Sequence[Program | Object], set[str], dict[str, type[Struct]]]
"""What to load, its hooks, and the types of streams that it does not say itself."""


def _of_python(path: str, args: Sequence[str], records: Sequence[str]) -> _Runnable:
    if records:
        raise SystemExit("kring: --record is for objects: the programs of a Python file declare it")
    programs = programs_in(path, args)
    return programs, {program.target or program.kind.name for program in programs}, {}


def _of_lisp(path: str, args: Sequence[str], records: Sequence[str], on: Target) -> _Runnable:
    from kring.lisp import built

    if args:
        raise SystemExit("kring: -- and what follows it are for a Python file, not for Lisp")
    obj, module = built(path, on)
    say_notes(module.notes)
    return _of(obj, path, records)


def _of_object(path: str, args: Sequence[str], records: Sequence[str]) -> _Runnable:
    if args:
        raise SystemExit("kring: -- and what follows it are for a Python file, not for an object")
    return _of(from_file(path), path, records)


def _of(obj: Object, path: str, records: Sequence[str]) -> _Runnable:
    from kring.records import named_records

    loaded = [program for program in obj.programs if program.autoload]
    if not loaded:
        raise SystemExit(f"kring: {path} has no program{' that is loaded' * bool(obj.programs)}")
    kinds = [kind_of(program) for program in loaded]
    return [obj], {target or kind.name for kind, target in kinds}, named_records(obj, records)


def _follow_all(session: Session, hooks: set[str], fed: str, json: bool) -> int:
    if fed and fed not in hooks:
        listed = ", ".join(sorted(hooks))
        say(f"kring: nothing feeds {listed} in the VM: only {fed} happens there")
        return 0
    idle = _idle(session)
    for name, kind in idle.items():
        say(f'kring: only loaded: "{name}" is {article(kind)} program, which runs when asked to')
    names = [name for name in session.programs if name not in {*session.unattached, *idle}]
    if not names:
        return 1
    say(f"kring: running {', '.join(names)}; Ctrl-C ends")
    _print_all(session, json)
    return 0


def _idle(session: Session) -> dict[str, str]:
    """Programs that nothing runs by itself, and their kinds; a struct's are, once it is there."""
    programs = session.object.programs if session.object else ()
    kinds = {one.name: kind_of(one)[0] for one in programs if one.name in session.programs}
    return {
        name: kind.name
        for name, kind in kinds.items()
        if not kind.hooked and kind.name != "struct_ops"
    }


def _print_all(session: Session, json: bool) -> None:
    streams = dict(_streams(session))
    kind = _JsonLines if json else _Columns
    several = len(streams) > 1
    printers = {
        name: kind(name, several, _Untyped(name, session.object, several)) for name in streams
    }
    for name, stream in streams.items():
        stream.subscribe(printers[name].print)

    def step(timeout: float, _: int) -> int:
        if streams:
            return session.poll(timeout)
        sleep(timeout)
        return 0

    follow(step)
    # Without new ones coming, printing what is still there makes the numbers add up.
    for program in session.programs.values():
        program.detach()
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


class _Untyped:
    """Tells once how to say what a stream carries of which nobody knows the type."""

    def __init__(self, name: str, obj: Object | None, several: bool) -> None:
        self._told = obj is None
        self._obj = obj
        self._name = name
        self._option = f"--record {name}=" if several else "--record "

    def tell(self, size: int) -> None:
        if self._told or self._obj is None:
            return
        self._told = True
        from kring.records import candidates

        found = candidates(self._obj, size)[:_MOST_CANDIDATES]
        ways = [f"{self._option}{name}, which has that size" for name in found]
        ways += [f"{self._option}FILE.py:CLASS", f"{self._option}'pid:i32 comm:char[16]'"]
        say(
            f"kring: {self._name}: the object does not say what its records of {size} bytes are."
            f" Name their type: {'; '.join(ways)}"
        )


class _JsonLines:
    """Prints the records of one stream as objects, and counts them."""

    def __init__(self, name: str, labelled: bool, untyped: _Untyped) -> None:
        from json import dumps

        self.count = 0
        self._name = name
        self._untyped = untyped
        self._dumps = dumps

    def print(self, record: object) -> None:
        self.count += 1
        if isinstance(record, bytes):
            self._untyped.tell(len(record))
        print(self._dumps({"stream": self._name, "record": plain(record)}))


class _Columns:
    """Prints the records of one stream, the first below a header, and counts them."""

    def __init__(self, name: str, labelled: bool, untyped: _Untyped) -> None:
        self.count = 0
        self._label = f"{name}: " if labelled else ""
        self._untyped = untyped
        self._columns: list[tuple[str, int, FieldType | None]] = []

    def print(self, record: object) -> None:
        self.count += 1
        if isinstance(record, bytes):
            self._untyped.tell(len(record))
            print("\n".join([f"{self._label}{len(record)} bytes", *dump(record)]))
            return
        if self.count == 1:
            self._print_header(record)
        cells = [(text_of(getattr(record, name), kind), wide) for name, wide, kind in self._columns]
        print(self._label + _row(cells or [(text_of(record), 0)]))

    def _print_header(self, record: object) -> None:
        if isinstance(record, Struct):
            kinds = fields(type(record))
            self._columns = [(f.name, max(len(f.name), width(f.type)), f.type) for f in kinds]
            print(self._label + _row((name.upper(), wide) for name, wide, _ in self._columns))


def _row(cells: Iterable[tuple[str, int]]) -> str:
    return " ".join(f"{text:<{wide}}" for text, wide in cells).rstrip()
