"""Structs declared in other languages: as goldens, as their compilers see them, as kring itself
reads them back; and structs as only C has them."""

from __future__ import annotations

import os
import subprocess
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from kring import Struct, fields, pack, sizeof, unpack
from kring.abi.uapi import MapType
from kring.btf.types import Array, Composite, Enum, Float, Int, Member, Modifier, Ptr
from kring.btf.types import Kind as BtfKind
from kring.btf.write import Builder
from kring.build import build
from kring.errors import ObjectError
from kring.obj.gen import lisp
from kring.obj.gen.layout import Pad, Unit, whole
from kring.obj.gen.records import Field, Record, records_of, size_of
from kring.obj.object import Map, Object
from kring.output import DECLARATIONS
from kring.script import programs_in
from peers import tool

HERE = Path(__file__).parent


def declared(obj: Object, language: str, name: str = "sample") -> str:
    return import_module(f"kring.obj.gen.{language}").declare(
        records_of(obj, "sample.py"), "main" if language == "go" else name, "sample.py"
    )


@pytest.fixture(scope="module")
def sample() -> Object:
    return build(*programs_in(str(HERE / "sample.py")))


def odd() -> Object:
    """What C has and kring's classes have not: unions, packed structs, rows of rows, names that are
    missing, enumerations, numbers that are no integers."""
    b = Builder()
    u8, u32, u64 = (b.add(Int(f"u{8 * size}", size, size * 8)) for size in (1, 4, 8))
    i32 = b.add(Int("int", 4, 32, signed=True))
    char = b.add(Int("char", 1, 8, signed=True))
    names = b.add(Array(b.add(Array(char, u32, 16)), u32, 3))
    color = b.add(Enum("color", 4, (("RED", 0), ("GREEN", 5)), False))
    either = b.add(
        Composite(
            "", 8, (Member("number", u64, 0), Member("bytes", b.add(Array(u8, u32, 8)), 0)), True
        )
    )
    inner = b.add(Composite("", 8, (Member("a", u32, 0), Member("b", u32, 32))))
    packed = b.add(
        Composite(
            "packed", 13,
            (Member("kind", u8, 0), Member("value", u64, 8), Member("rest", u32, 72)),
        )
    )  # fmt: skip
    flags = b.add(
        Composite(
            "loose", 12,
            (
                Member("one", u32, 0, 1), Member("five", i32, 4, 5), Member("full", u32, 32, 32),
                Member("tail", u8, 64, 2), Member("next", u8, 72),
            ),
        )
    )  # fmt: skip
    value = Composite(
        "", 168,
        (
            Member("color", color, 0), Member("names", names, 32),
            Member("to", b.add(Ptr(u8)), 448),
            Member("", either, 512), Member("named", either, 576), Member("", inner, 640),
            Member("inside", inner, 704), Member("packed", packed, 768),
            Member("yes", b.add(Int("_Bool", 1, 8, bool=True)), 872),
            Member("loose", flags, 896), Member("half", b.add(Float("double", 8)), 1024),
            Member("rows", b.add(Array(packed, u32, 2)), 1088),
            Member("end", b.add(Array(char, u32, 0)), 1344),
        ),
    )  # fmt: skip
    value_type = b.add(Modifier(BtfKind.TYPEDEF, b.add(value), "entry_t"))
    entries = Map("entries", MapType.HASH, 4, 168, 8, key_type=u32, value_type=value_type)
    return Object("odd", (), (entries,), b.bytes())


@pytest.mark.parametrize("language", DECLARATIONS)
@pytest.mark.parametrize("which", ["sample", "odd"])
def test_what_is_written(which: str, language: str, sample: Object, bless: Any) -> None:
    obj = sample if which == "sample" else odd()
    ending = DECLARATIONS[language].removeprefix("{}")
    bless(HERE / "goldens" / f"{which}{ending}.txt", declared(obj, language, which))


@pytest.mark.parametrize("obj", ["sample", "odd"])
def test_every_byte_is_in_one_place(obj: str, sample: Object) -> None:
    for record in records_of(sample if obj == "sample" else odd(), "o").records:
        if record.is_union:
            continue
        at = 0
        for part in whole(record):
            start = part.bit // 8 if isinstance(part, Field) else part.offset
            assert start == at, record.name
            at += size_of(part.kind) if isinstance(part, Field) else part.size
        assert at == record.size
        held = [f for part in whole(record) if isinstance(part, Unit) for f in part.fields]
        assert held == [field for field in record.fields if field.width]


def classes(text: str) -> dict[str, type[Struct]]:
    made: dict[str, Any] = {}
    exec(compile(text, "made", "exec"), made)
    return {k: v for k, v in made.items() if isinstance(v, type) and issubclass(v, Struct)}


def test_python_reads_back_what_it_wrote(sample: Object) -> None:
    theirs = classes((HERE / "sample.py").read_text())
    mine = classes(declared(sample, "python"))
    assert set(mine) - {"Struct"} == {"Event", "Flags", "Key", "Point"}
    for name in set(mine) - {"Struct"}:
        assert sizeof(mine[name]) == sizeof(theirs[name])
        shape = [
            [(f.name, f.offset, f.size, f.shift, str(f.type)) for f in fields(made[name])]
            for made in (mine, theirs)
        ]
        assert [row[:4] for row in shape[0]] == [row[:4] for row in shape[1]]
    event = theirs["Event"](pid=7, comm="cat", port=80, flags=theirs["Flags"](low=5, signed=-3))
    read = unpack(mine["Event"], pack(event))
    assert (read.pid, read.comm, read.port) == (7, "cat", 80)  # type: ignore[attr-defined]
    assert (read.flags.low, read.flags.signed) == (5, -3)  # type: ignore[attr-defined]


def test_python_keeps_the_places_of_odd_structs() -> None:
    made = classes(declared(odd(), "python"))
    assert set(made) == {"Struct", "entry_t", "entry_t_inside", "packed_", "loose_"}
    entry = {f.name: f.offset for f in fields(made["entry_t"])}
    assert sizeof(made["entry_t"]) == 168
    assert [entry[n] for n in ("names", "to", "named", "a", "inside", "packed", "half")] == [
        4, 56, 72, 80, 88, 96, 128
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ((Member("a", 1, 0), Member("b", 1, 16)), "overlap"),
        ((Member("a", 1, 0), Member("b", 1, 64)), "smaller than its fields"),
    ],
)
def test_a_struct_that_cannot_be(members: tuple[Member, ...], message: str) -> None:
    b = Builder()
    b.add(Int("int", 4, 32))
    broken = b.add(Composite("broken", 8, members))
    obj = Object("o", (), (Map("m", MapType.HASH, 4, 8, 8, value_type=broken),), b.bytes())
    with pytest.raises(ObjectError, match=message):
        records_of(obj, "o")


def test_an_object_without_structs() -> None:
    for btf in (b"", Builder().bytes()):
        with pytest.raises(ObjectError, match=r"x\.o: no stream, map or variable holds a struct"):
            records_of(Object("o", (), (Map("m", MapType.HASH, 4, 8, 8),), btf), "x.o")


def test_constants_alone_are_declared() -> None:
    records = records_of(Object("o", (), (), Builder().bytes()), "x.lisp", (), {"MOST": 100})
    go = import_module("kring.obj.gen.go").declare(records, "main", "x.lisp")
    assert "const MOST = 100" in go
    assert "unsafe" not in go  # what is imported and not used, Go refuses


CHECK = """
#include "sample.h"
#include <stdio.h>
#include <unistd.h>
int main(void) {
    struct Event e;
    if (read(0, &e, sizeof(e)) != sizeof(e))
        return 1;
    printf("%u %u %llu %s %d %u %d %d %d %u %u %d %lld %u", e.pid, e.type, e.func, e.comm, e.mac[5],
           e.counts[3], e.where.y, e.line[2].x, e.flags.signed_, e.flags.wide, e.port, e.match,
           e.fn, e.class_);
    return 0;
}
"""


def filled(made: dict[str, type[Struct]]) -> bytes:
    point, flags = made["Point"], made["Flags"]
    line = (point(), point(), point(x=-5))
    return pack(
        made["Event"](
            pid=70000, type=3, func=1 << 40, comm="bash", mac=b"\0\1\2\3\4\5", counts=(1, 2, 3, 4),
            where=point(y=-2), line=line, flags=flags(low=7, signed=-3, wide=123456), port=0x1234,
            match=-1, fn=-(1 << 40), class_=9,
        )
    )  # fmt: skip


@pytest.mark.peer
def test_c_reads_a_record(tmp_path: Path, sample: Object) -> None:
    (tmp_path / "sample.h").write_text(declared(sample, "c"))
    (tmp_path / "check.c").write_text(CHECK)
    strict = ("-Wall", "-Wextra", "-Werror", "-std=c11")
    program = tmp_path / "check"
    command = [tool("clang"), *strict, str(tmp_path / "check.c"), "-o", str(program)]
    subprocess.run(command, check=True)
    data = filled(classes((HERE / "sample.py").read_text()))
    shown = subprocess.run([program], input=data, capture_output=True, check=True).stdout.decode()
    port = int.from_bytes((0x1234).to_bytes(2, "big"), "little")
    assert shown == f"70000 3 {1 << 40} bash 5 4 -2 -5 -3 123456 {port} -1 {-(1 << 40)} 9"


COMPILES = '(when (nth-value 1 (compile-file "{}")) (exit :code 1 :abort t))'
CHECK_LISP = """
(load "sample_types.lisp")
(in-package #:sample-types)
(defun octets-of (file)
  (with-open-file (in file :element-type '(unsigned-byte 8))
    (let ((data (%octets (file-length in))))
      (read-sequence data in)
      data)))
(let* ((data (octets-of "record")) (e (decode-event data 3)))
  (format t "~{~A ~}~%"
          (list (event-record-pid e) (event-record-type e) (event-record-func e)
                (event-record-comm e) (aref (event-record-mac e) 5)
                (aref (event-record-counts e) 3) (point-record-y (event-record-where e))
                (point-record-x (aref (event-record-line e) 2))
                (flags-record-signed (event-record-flags e))
                (flags-record-wide (event-record-flags e)) (event-record-port e)
                (event-record-match e) (event-record-fn e) (event-record-class_ e)))
  (print (equalp (encode-event e) (subseq data 3 (+ 3 +event-size+)))))
(let ((octets (encode-event (make-event-record :comm "čtvrtek, 16 tónů"))))
  (print (event-record-comm (decode-event octets))))
(print (event-record-comm (decode-event (octets-of "texts"))))
(print (handler-case (decode-event (%octets 100)) (error () :short)))
"""


@pytest.mark.peer
def test_lisp_reads_and_writes_a_record(tmp_path: Path, sample: Object) -> None:
    (tmp_path / "sample_types.lisp").write_text(declared(sample, "lisp"))
    (tmp_path / "check.lisp").write_text(CHECK_LISP)
    made = classes((HERE / "sample.py").read_text())
    (tmp_path / "record").write_bytes(b"abc" + filled(made))
    odd = b"\xe2\x82\xac\xed\xa0\x80\xf0\x9f\x90\x9d\xe2\x82"
    text = odd.decode("utf-8", "surrogateescape")
    (tmp_path / "texts").write_bytes(pack(made["Event"](comm=text)))
    shown = subprocess.run(
        [tool("sbcl"), "--script", "check.lisp"],
        cwd=tmp_path, capture_output=True, text=True, check=True, env={"LC_ALL": "C.UTF-8"},
    ).stdout  # fmt: skip
    assert shown.split("\n") == [
        f"70000 3 {1 << 40} bash 5 4 -2 -5 -3 123456 {0x1234} -1 {-(1 << 40)} 9 ",
        "", "T ",
        '"čtvrtek, 16 t" ',
        '"€\ufffd\ufffd\ufffd🐝\ufffd\ufffd" ',
        ":SHORT ",
    ]  # fmt: skip


@pytest.mark.peer
def test_names_that_lisp_has_for_something_else(tmp_path: Path) -> None:
    names = ("t", "nil", "pi", "list", "octets", "start", "record", "at", "p", "T", "_1")
    b = Builder()
    u8 = b.add(Int("u8", 1, 8))
    fields = tuple(Member(name, u8, 8 * at) for at, name in enumerate(names))
    structs = ("text", "octets", "row", "number", "bits", "x", "x_record", "Text", "sum_size")
    maps = tuple(
        Map(f"m{at}", MapType.HASH, 1, len(names), 1, u8,
            b.add(Composite(name, len(names), fields)))
        for at, name in enumerate(structs)
    )  # fmt: skip
    records = records_of(Object("o", (), maps, b.bytes()), "o", (), {"X_SIZE": 3, "T": 4})
    (tmp_path / "o_types.lisp").write_text(lisp.declare(records, "o", "o"))
    shown = subprocess.run(
        [tool("sbcl"), "--non-interactive", "--no-userinit", "--load", "o_types.lisp", "--eval",
         COMPILES.format("o_types.lisp"), "--eval",
         "(print (o-types:encode-text (o-types:decode-text #(1 2 3 4 5 6 7 8 9 10 11))))"],
        cwd=tmp_path, capture_output=True, text=True,
    )  # fmt: skip
    assert shown.returncode == 0, shown.stdout + shown.stderr
    assert "#(1 2 3 4 5 6 7 8 9 10 11)" in shown.stdout


@pytest.mark.peer
@pytest.mark.parametrize("which", ["sample", "odd"])
@pytest.mark.parametrize("compiler", ["clang", "clang++", "rustc", "go", "sbcl"])
def test_compilers_agree(which: str, compiler: str, tmp_path: Path, sample: Object) -> None:
    """The static checks in each file hold."""
    spoken = {"clang": "c", "clang++": "c", "rustc": "rust", "sbcl": "lisp"}
    language = spoken.get(compiler, compiler)
    name = DECLARATIONS[language].format(which)
    (tmp_path / name).write_text(declared(sample if which == "sample" else odd(), language, which))
    (tmp_path / "main.go").write_text("package main\n\nfunc main() {}\n")
    std = ["-x", "c++", "-std=c++17"] if compiler == "clang++" else ["-x", "c", "-std=c11"]
    command = {
        "c": [*std, "-fsyntax-only", "-Wall", "-Werror", name],
        "rust": ["--crate-type", "lib", "--emit", "metadata", "-D", "warnings", name],
        "go": ["tool", "compile", "-o", os.devnull, name, "main.go"],
        "lisp": ["--non-interactive", "--eval", COMPILES.format(name)],
    }[language]
    subprocess.run([tool(compiler), *command], cwd=tmp_path, check=True)


def test_padding_is_nowhere_else() -> None:
    """A struct without holes has none written into it."""
    (point,) = (r for r in records_of(odd(), "o").records if r.name == "packed")
    assert isinstance(point, Record)
    assert not any(isinstance(part, Pad) for part in whole(point))
