"""`kring build`: a file's programs as an object, and its structs in other languages.

In:  a Python or Lisp file, or an object whoever made it.
Out: `X.bpf.o`, and beside it `X.h`, `X.go` and so on, as asked for.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Final

from kring.abi.tracepoints import TraceField
from kring.btf.blob import Btf
from kring.cli import say, say_notes
from kring.errors import ObjectError
from kring.obj.gen.records import Records, records_of
from kring.obj.object import Object
from kring.open import from_file, is_object, placed
from kring.record import record, replace
from kring.spelling import LISP, c_name, is_lisp

DECLARATIONS: Final = {
    "c": "{}.h",
    "go": "{}.go",
    "rust": "{}.rs",
    "python": "{}_types.py",
    "lisp": "{}_types.lisp",
}
"""What a file of declarations is called, by its language."""
_MADE: Final = b"kring build --gen"
"""What is in the first lines of such a file, and lets the next one take its place."""
_HEAD: Final = 512
_UNTYPED: Final = "tracepoint/syscalls/sys_enter_"
"""Tracepoints that the kernel makes without a struct of their own."""


@record
class Declared:
    """What a source declares that its object may have no use for: structs, and numbers by name,
    None where its language has no such declarations."""

    structs: tuple[str, ...] = ()
    constants: Mapping[str, int] | None = None


def write(
    path: str,
    output: str | None,
    languages: Sequence[str],
    json: bool,
    tracefs: str | None = None,
) -> int:
    """Write the object, by default beside the file, and declarations beside the object; fields of
    tracepoints as a `tracefs` has them, if one is given."""
    of_object = is_object(path)
    obj, also = _read(path)
    if tracefs:
        obj = _with_formats(obj, tracefs)
    if of_object and not (output or languages):
        raise ObjectError(
            f"{path} is an object already: say where another goes with -o, or with --gen in which "
            "languages its structs are wanted"
        )
    beside = output or (path if of_object else f"{_stem(path)}.bpf.o")
    texts = _declarations(obj, also, beside, os.path.basename(path), languages)
    if output or not of_object:
        if os.path.exists(beside) and os.path.samefile(path, beside):
            raise ObjectError(f"{beside} is the file that it is built from: name another with -o")
        obj.write(beside)
    for file, text in texts.items():
        with open(file, "w", encoding="utf-8") as out:
            out.write(text)
    _tell(obj, beside if output or not of_object else None, list(texts), json)
    return 0


def _read(path: str) -> tuple[Object, Declared]:
    """The object that a file holds or that its programs make, and what its source declares."""
    if is_object(path):
        return from_file(path), Declared()
    if is_lisp(path):
        from kring.lisp import built

        obj, module = built(path)
        say_notes(module.notes)
        return placed(obj, path), Declared(tuple(module.structs), module.numbers)
    from kring.build import build
    from kring.script import programs_in

    return placed(build(*programs_in(path)), path), Declared()


def _stem(path: str) -> str:
    """A source file's name without its ending."""
    ending = next((one for one in (".py", *LISP) if path.endswith(one)), "")
    return path.removesuffix(ending)


def _with_formats(obj: Object, tracefs: str) -> Object:
    from kring.obj.relocate import with_formats
    from kring.run.kernel.tracefs import parse_format

    if not os.path.isdir(os.path.join(tracefs, "events")):
        raise ObjectError(
            f"{tracefs} is no tracefs: it has no directory of events."
            f" Try: sudo mount -t tracefs -o mode=755 nodev {tracefs}"
        )

    def fields(name: str) -> Sequence[TraceField]:
        category, _, event = name.partition(":")
        with open(os.path.join(tracefs, "events", category, event, "format")) as file:
            return parse_format(file.read())

    local = Btf(obj.btf, where=obj.name)
    return replace(obj, programs=tuple(with_formats(one, local, fields) for one in obj.programs))


def _declarations(
    obj: Object, also: Declared, beside: str, source: str, languages: Sequence[str]
) -> dict[str, str]:
    """The text of each file of declarations, by its path.

    Raises: ObjectError if there is nothing to declare, or something else in a file's place.
    """
    if not languages:
        return {}
    records = records_of(obj, source, also.structs, also.constants)
    folder, name = os.path.split(beside)
    stem = name.removesuffix(".o").removesuffix(".bpf")
    texts: dict[str, str] = {}
    for language in dict.fromkeys(languages):
        # what is imported by its file's name needs one that can be
        own = stem if language in ("c", "go") else c_name(stem)
        file = os.path.join(folder, DECLARATIONS[language].format(own))
        if os.path.exists(file) and not _is_ours(file):
            raise ObjectError(
                f"{file} is there, and `kring build --gen` did not make it: move it away, or give "
                "the object another name with -o"
            )
        texts[file] = _text(language, records, stem, source)
    return texts


def _is_ours(path: str) -> bool:
    with open(path, "rb") as file:
        return _MADE in file.read(_HEAD)


def _text(language: str, records: Records, stem: str, source: str) -> str:
    declare: Callable[[Records, str, str], str] = import_module(f"kring.obj.gen.{language}").declare
    # what `go generate` says of the package that the file goes to
    name = os.environ.get("GOPACKAGE", "main") if language == "go" else stem
    return declare(records, name, source)


def _tell(obj: Object, output: str | None, declared: list[str], json: bool) -> None:
    names = [program.name for program in obj.programs]
    maps = [each.name for each in obj.maps]
    if json:
        from json import dumps

        said = {"object": output, "programs": names, "maps": maps}
        print(dumps({**said, "declarations": declared} if declared else said))
    else:
        if output:
            print(f"{output}: programs {', '.join(names)}; maps {', '.join(maps) or 'none'}")
        for file in declared:
            print(file)
    for program in obj.programs:
        if output and program.core and program.section.startswith(_UNTYPED):
            say(
                f"kring: note: no kernel's BTF has the fields of {program.section}; kring finds "
                "them in tracefs at load, other loaders cannot; --tracefs /sys/kernel/tracing puts "
                "them into the object as this kernel has them"
            )
