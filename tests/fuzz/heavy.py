"""Objects and types made to keep a reader busy, or to be read amiss; findings are kept here.

Each is a function of a size: much of one thing, or deep in another. What takes time or memory with
the square of it is found by one.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Final

from kring.abi.asm import parse
from kring.abi.code import encode
from kring.abi.uapi import MapType
from kring.btf.ext import CoreKind, CoreReloc, LineInfo
from kring.btf.types import (
    Array,
    Composite,
    DataSec,
    DeclTag,
    Enum,
    Func,
    FuncProto,
    Fwd,
    Int,
    Kind,
    Member,
    Modifier,
    Ptr,
    Var,
)
from kring.btf.write import Builder
from kring.obj.elf_write import to_elf
from kring.obj.object import Function, Map, MapRef, Object, Program

EXIT: Final = encode(parse("mov %r0, 0\nexit"))


def types() -> Builder:
    b = Builder()
    b.add(Int("int", 4, 32, signed=True))
    return b


def nested(size: int) -> bytes:
    """Structs without a name in each other."""
    b = types()
    inner = b.add(Composite("", 4, (Member("pid", 1, 0),)))
    for at in range(size):
        inner = b.add(Composite("", 4 + at, (Member("", inner, 0),)))
    b.add(Composite("task_struct", size + 8, (Member("", inner, 0), Member("a", 1, 64))))
    return b.bytes()


def wide(size: int) -> bytes:
    """A struct of very many members, and one of as many unnamed ones."""
    b = types()
    size = min(size, 65535)
    b.add(
        Composite("task_struct", 4 * size, tuple(Member(f"pi{n}", 1, 32 * n) for n in range(size)))
    )
    inner = b.add(Composite("", 4, (Member("q", 1, 0),)))
    b.add(Composite("s", 4 * size, tuple(Member("", inner, 32 * n) for n in range(size))))
    return b.bytes()


def namesakes(size: int) -> bytes:
    """Many types of one name."""
    b = types()
    for at in range(size):
        b.add(Composite("task_struct", 64 + at, (Member("pid", 1, 0),)))
    return b.bytes()


def flavours(size: int) -> bytes:
    b = types()
    for at in range(size):
        b.add(Composite(f"s___{at}", 64 + at, (Member("a", 1, 0),)))
    return b.bytes()


def tails(size: int) -> bytes:
    """One long string, and types named by each of its tails."""
    b = types()
    for at in range(size):
        b.add(Fwd("x" * (1 + at % 1000)))
    return b.bytes()


def functions_of_functions(size: int) -> bytes:
    b = types()
    last = 1
    for _ in range(size):
        last = b.add(Ptr(b.add(FuncProto(last, (("a", last), ("b", last))))))
    b.add(Modifier(Kind.TYPEDEF, last, "a"))
    return b.bytes()


def structs_of_structs(size: int) -> bytes:
    b = types()
    last = 1
    for at in range(size):
        last = b.add(Composite(f"s{at % 7}", 4, (Member("a", last, 0), Member("b", last, 0))))
    b.add(Composite("task_struct", 4, (Member("a", last, 0),)))
    return b.bytes()


def modifiers(size: int) -> bytes:
    b = types()
    last = 1
    for at in range(size):
        last = b.add(Modifier(Kind.CONST if at % 2 else Kind.VOLATILE, last))
        last = b.add(Array(last, 1, 2))
    b.add(Composite("task_struct", 4, (Member("pid", last, 0),)))
    return b.bytes()


def enumerators(size: int) -> bytes:
    b = types()
    b.add(Enum("a", 4, tuple((f"a{n}", n) for n in range(min(size, 65535)))))
    return b.bytes()


BLOBS: Final[list[Callable[[int], bytes]]] = [
    nested,
    wide,
    namesakes,
    flavours,
    tails,
    functions_of_functions,
    structs_of_structs,
    modifiers,
    enumerators,
]


def functions(size: int) -> bytes:
    """A program of many functions, all called, each with its own line and record."""
    b = types()
    task = b.add(Composite("task_struct", 4, (Member("pid", 1, 0),)))
    proto = b.add(FuncProto(1, (("x", 1),)))
    ids = [b.add(Func(f"f{n}", proto, n > 0)) for n in range(size)]
    text = [*(f"call local f{n}" for n in range(1, size)), "exit"]
    for n in range(1, size):
        text += [f"f{n}:", "mov %r0, 0", "exit"]
    starts = [size + 2 * n if n else -2 for n in range(size)]
    made = [
        Function(max(0, at - 2), f"f{n}", id)
        for n, (at, id) in enumerate(zip(starts, ids, strict=True))
    ]
    lines = tuple(LineInfo(f.slot, "x.c", f"line {f.slot}", 1, 1) for f in made)
    core = tuple(CoreReloc(f.slot, task, "0:0", CoreKind.FIELD_BYTE_OFFSET) for f in made[1:])
    code = encode(parse("\n".join(text)))
    program = Program("main", "xdp", code, core=core, functions=tuple(made), lines=lines)
    return to_elf(Object("x", (program,), btf=b.bytes()))


def programs(size: int) -> bytes:
    """Programs that all call one function, which is as large as they are many."""
    text = "call local f\nexit\nf:\n" + "mov %r0, 0\n" * size + "exit"
    code = encode(parse(text))
    caller = [Function(0, "p", 0), Function(2, "f", 0)]
    one = to_elf(Object("x", (Program("p", "xdp", code, functions=tuple(caller)),)))
    return _copied_caller(one, size)


def _copied_caller(elf: bytes, size: int) -> bytes:
    """The section of the program, its relocation and its symbol as often as `size` says."""
    from kring.obj.elf import _HEADER, _SECTION  # the layouts

    header = list(_HEADER.unpack_from(elf))
    at, count, names = header[6], header[12], header[13]
    rows = [list(_SECTION.unpack_from(elf, at + 64 * n)) for n in range(count)]
    data = [
        bytearray(elf[row[4] : row[4] + row[5]]) if row[1] != 8 else bytearray() for row in rows
    ]
    label = {bytes(data[names][row[0] :]).split(b"\0")[0].decode(): n for n, row in enumerate(rows)}
    code, rel, symtab = label["xdp"], label[".relxdp"], label[".symtab"]
    data[code] *= size
    offset, info = struct.unpack("<QQ", data[rel])
    data[rel] = bytearray().join(struct.pack("<QQ", offset + 16 * n, info) for n in range(size))
    symbols = [data[symtab][n : n + 24] for n in range(0, len(data[symtab]), 24)]
    for one in list(symbols):
        name, kind, other, section, _, length = struct.unpack("<IBBHQQ", one)
        if section == code and kind & 15 == 2:
            symbols += [
                bytearray(struct.pack("<IBBHQQ", name, kind, other, section, 16 * n, length))
                for n in range(1, size)
            ]
    data[symtab] = bytearray().join(symbols)
    out = bytearray(64)
    for row, content in zip(rows, data, strict=True):
        if row[1] not in (0, 8):
            row[4], row[5] = len(out), len(content)
            out += content + bytes(-len(content) % 8)
    header[6] = len(out)
    for row in rows:
        out += _SECTION.pack(*row)
    out[:64] = _HEADER.pack(*header)
    return bytes(out)


def relocs(size: int) -> bytes:
    """CO-RE records of as many questions."""
    b = types()
    members = tuple(Member(f"a{n}", 1, 32 * n) for n in range(min(size, 65535)))
    task = b.add(Composite("task_struct", 4 * size, members))
    code = encode(parse("".join(f"mov %r0, {4 * n}\n" for n in range(len(members))) + "exit"))
    core = tuple(
        CoreReloc(n, task, f"0:{n}", CoreKind.FIELD_BYTE_OFFSET) for n in range(len(members))
    )
    return to_elf(Object("x", (Program("f", "xdp", code, core=core),), btf=b.bytes()))


def maps(size: int) -> bytes:
    """Many maps, each referred to."""
    made = tuple(Map(f"m{n}", MapType.ARRAY, 4, 4, 1) for n in range(size))
    code = encode(parse("lddw %r1, 0\n" * size + "exit"))
    refs = tuple(MapRef(2 * n, f"m{n}") for n in range(size))
    return to_elf(Object("x", (Program("f", "xdp", code, refs),), made))


def variables(size: int) -> bytes:
    b = types()
    rows = tuple((b.add(Var(f"v{n}", 1)), 4 * n, 4) for n in range(size))
    section = b.add(DataSec(".data", 4 * size, rows))
    data = Map(".data", MapType.ARRAY, 4, 4 * size, 1, value_type=section, data=bytes(4 * size))
    return to_elf(Object("x", (Program("f", "xdp", EXIT),), (data,), b.bytes()))


def sections(size: int) -> bytes:
    """Types of many sections that are not there, and tags of everything."""
    b = types()
    for at in range(size):
        var = b.add(Var(f"v{at}", 1))
        b.add(DataSec(f".data.{at % 50}", 4, ((var, 0, 4),)))
        b.add(DeclTag("kring:record=Exec", var))
    return to_elf(Object("x", (Program("f", "xdp", EXIT),), (), b.bytes()))


def lines(size: int) -> bytes:
    b = types()
    code = encode(parse("mov %r0, 0\n" * size + "exit"))
    known = tuple(LineInfo(n, "x.c", "y" * (n % 3000), n, 1) for n in range(size))
    f = b.add(Func("f", b.add(FuncProto(1, ()))))
    made = Program("f", "xdp", code, functions=(Function(0, "f", f),), lines=known)
    return to_elf(Object("x", (made,), btf=b.bytes()))


def zeroes(size: int) -> bytes:
    """Variables that take no room in the file, as many bytes as may be."""
    b = types()
    many = 1 << 23
    row = (b.add(Var("v", b.add(Array(1, 1, many)))), 0, 4 * many)
    section = b.add(DataSec(".bss", 4 * many, (row,)))
    data = Map(".bss", MapType.ARRAY, 4, 4 * many, 1, value_type=section, data=bytes(4 * many))
    return to_elf(Object("x", (Program("f", "xdp", EXIT),), (data,), b.bytes()))


def two_texts(size: int) -> bytes:
    """A second section of the name that functions without programs have."""
    code = encode(parse("call local f\nexit\nf:\nmov %r0, 0\nexit"))
    called = Function(0, "p", 0), Function(2, "f", 0)
    made = [Program(f"p{n}", f"raw_tp/{n}", code, functions=called) for n in range(3)]
    elf = bytearray(to_elf(Object("x", tuple(made))))
    rows = _sections(elf)
    for name in ("raw_tp/0", "raw_tp/1"):
        elf[rows[name] : rows[name] + 4] = elf[rows[".text"] : rows[".text"] + 4]
    return bytes(elf)


def _sections(elf: bytes | bytearray) -> dict[str, int]:
    """Where the header of each section is."""
    at, count, names = struct.unpack_from("<40xQ12xHH", elf)
    rows = range(at, at + 64 * count, 64)
    (strings,) = struct.unpack_from("<24xQ", elf, rows[names])
    starts = {row: strings + struct.unpack_from("<I", elf, row)[0] for row in rows}
    return {bytes(elf[start:]).split(b"\0")[0].decode(): row for row, start in starts.items()}


OBJECTS: Final[list[Callable[[int], bytes]]] = [
    functions,
    programs,
    relocs,
    maps,
    variables,
    sections,
    lines,
    zeroes,
    two_texts,
]
