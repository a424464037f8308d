"""The types of an object's streams, as a person names them: `kring run X.bpf.o --record …`.

    event                            a type of the object's BTF; conn-event is its conn_event
    exec.py:Exec                     a Struct class of a Python file
    pid:i32 comm:char[16]            the fields themselves, laid out as C does
    events=event                     any of these, for the stream of that name

In:  an Object and such words. Out: `named_records`, a Struct class by stream's name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from kring.btf.blob import Btf
from kring.btf.types import Kind
from kring.decl.coded import bool_type, elements, float_type
from kring.decl.foreign import alignment, field_type_of
from kring.decl.struct import Field, Layout, Struct, field_size, laid_out, single
from kring.decl.types import ArrayType, Char, FieldType, IntType
from kring.errors import ObjectError
from kring.obj.object import Object
from kring.spelling import c_name, suggestion
from kring.typed import streams

_FOR: Final = re.compile(r"(?P<stream>[\w.$-]+)=(?P<what>.+)", re.DOTALL)
_CLASS: Final = re.compile(r"(?P<file>.+\.py):(?P<name>\w+)")
_TAG: Final = re.compile(r"(?:struct|union|enum)\s+(?=\w)")
_FIELD: Final = re.compile(r"(?P<name>[A-Za-z_]\w*):(?P<type>[A-Za-z_]\w*)(?P<counts>(?:\[\d+\])*)")
_MOST: Final = 1 << 20
"""Bytes of a record; more are a slip of the finger."""

_INTEGERS: Final = {
    f"{kind}{bits}": IntType(bits // 8, signed=kind == "i", big=kind == "be")
    for kind in ("u", "i", "be")
    for bits in (8, 16, 32, 64)
    if (kind, bits) != ("be", 8)
}
_TYPES: Final[dict[str, FieldType]] = {
    **_INTEGERS,
    "bool": bool_type(1),
    "f32": float_type("f32", 4),
    "f64": float_type("f64", 8),
    "ptr": IntType(8, pointer=True),
}
_ALSO: Final = {
    "int": "i32",
    "short": "i16",
    "long": "i64",
    "float": "f32",
    "double": "f64",
    **{f"{before}{bits}": f"u{bits}" for before in ("__u", "uint") for bits in (8, 16, 32, 64)},
    **{f"{before}{bits}": f"i{bits}" for before in ("__s", "s", "int") for bits in (8, 16, 32, 64)},
    **{f"uint{bits}_t": f"u{bits}" for bits in (8, 16, 32, 64)},
    **{f"int{bits}_t": f"i{bits}" for bits in (8, 16, 32, 64)},
    **{f"__be{bits}": f"be{bits}" for bits in (16, 32, 64)},
}
"""What else C calls them."""


def named_records(obj: Object, given: Sequence[str]) -> dict[str, type[Struct]]:
    """The class of each stream that one of the words names.

    Raises: ObjectError that says what is wrong where; OSError.
    """
    records: dict[str, type[Struct]] = {}
    for words in given:
        match = _FOR.fullmatch(words.strip())
        name, what = (match["stream"], match["what"]) if match else ("", words)
        stream = _stream(obj, name)
        if stream in records:
            raise ObjectError(f"--record names the type of {stream!r} twice")
        records[stream] = _record(obj, what.strip())
    return records


def candidates(obj: Object, size: int) -> list[str]:
    """Structs of the object's types that have so many bytes, by name."""
    btf = Btf(obj.btf, where=obj.name) if obj.btf else None
    if btf is None:
        return []
    sized = (name for id, name in _composites(btf) if btf.size(id) == size)
    return list(dict.fromkeys(sized))


def _stream(obj: Object, name: str) -> str:
    """The name of the stream that is meant; without a name, of the only one it can be."""
    known = [map.name for map in streams(obj)]
    if not known:
        raise ObjectError(f"--record: {obj.name} has no stream, no ring and no perf buffer")
    if name:
        name = name if name in known else c_name(name)
        if name not in known:
            hint = suggestion(name, known) or f" It has: {', '.join(known)}"
            raise ObjectError(f"--record: {obj.name} has no stream {name!r}.{hint}")
        return name
    untyped = [map.name for map in streams(obj) if not map.record]
    for only in (known, untyped):
        if len(only) == 1:
            return only[0]
    listed = ", ".join(known)
    raise ObjectError(
        f"--record: {obj.name} has several streams, {listed}: say which one, as in"
        f" --record {known[0]}=…"
    )


def _record(obj: Object, what: str) -> type[Struct]:
    if found := _CLASS.fullmatch(what):
        return _class(found["file"], found["name"])
    if ":" in what:
        return _spelled(what)
    return _from_types(obj, _TAG.sub("", what))


def _from_types(obj: Object, name: str) -> type[Struct]:
    btf = Btf(obj.btf, where=obj.name) if obj.btf else None
    name = name.replace("-", "_")
    if not re.fullmatch(r"\w+", name):
        raise ObjectError(
            f"--record {name!r}: neither the name of a type, nor `file.py:Class`, nor fields as in"
            " 'pid:i32 comm:char[16]'"
        )
    if btf is None:
        raise ObjectError(
            f"--record {name}: {obj.name} has no types (BTF): compile it with -g, or spell the"
            " fields, as in --record 'pid:i32 comm:char[16]'"
        )
    for kinds in ((Kind.STRUCT, Kind.UNION), (Kind.TYPEDEF,), (Kind.INT, Kind.ENUM, Kind.ENUM64)):
        if (id := btf.find(name, *kinds)) is not None:
            kind = field_type_of(btf, id)
            return kind if isinstance(kind, type) else single(name, kind)
    known = list(dict.fromkeys(name for _, name in _composites(btf)))
    hint = suggestion(name, known)
    listed = f" It has: {', '.join(known[:8])}{', …' * (len(known) > 8)}." if known else ""
    raise ObjectError(
        f"--record {name}: the types of {obj.name} have no {name!r}.{hint or listed} (clang keeps"
        " the types that a map, a global variable or a function's parameter has.) Or spell the"
        " fields, as in --record 'pid:i32 comm:char[16]'"
    )


def _composites(btf: Btf) -> Iterator[tuple[int, str]]:
    for id in range(1, len(btf)):
        if btf.kind(id) in (Kind.STRUCT, Kind.UNION) and (name := btf.name(id)):
            yield id, name


def _class(file: str, name: str) -> type[Struct]:
    from kring.script import module_of

    names = vars(module_of(file))
    structs: dict[str, type[Struct]] = {
        one: value
        for one, value in names.items()
        if isinstance(value, type) and issubclass(value, Struct) and value is not Struct
    }
    if name not in structs:
        what = "is no Struct class" if name in names else "is not there"
        hint = suggestion(name, structs) or f" It has: {', '.join(structs) or 'none'}"
        raise ObjectError(f"--record {file}:{name}: {name!r} {what}.{hint}")
    return structs[name]


def _spelled(text: str) -> type[Struct]:
    """The class of the fields that the text spells, each where C puts it."""
    fields: dict[str, Field] = {}
    end, largest = 0, 1
    for number, word in enumerate(_words(text), 1):
        where = f"--record, field {number}, {word!r}"
        match = _FIELD.fullmatch(word)
        if match is None:
            raise ObjectError(
                f"{where}: a field is NAME:TYPE or NAME:TYPE[COUNT], as comm:char[16]"
            )
        if match["name"] in fields:
            raise ObjectError(f"{where}: another field has that name")
        kind = _field_type(
            where, match["type"], [int(n) for n in re.findall(r"\d+", match["counts"])]
        )
        align, size = alignment(kind), field_size(kind)
        start = -(-end // align) * align
        fields[match["name"]] = Field(match["name"], kind, start, size)
        end, largest = start + size, max(largest, align)
        if end > _MOST:
            raise ObjectError(f"{where}: the record has more than {_MOST} bytes with it")
    return laid_out("record", Layout(-(-end // largest) * largest, largest, tuple(fields.values())))


def _words(text: str) -> list[str]:
    """The fields, between spaces, commas or semicolons; none of these matter inside of one."""
    tight = re.sub(r"\s*:\s*", ":", re.sub(r"\s*\[\s*(\d*)\s*\]", r"[\1]", text))
    return [word for word in re.split(r"[\s,;]+", tight) if word]


def _field_type(where: str, name: str, counts: list[int]) -> FieldType:
    if 0 in counts:
        raise ObjectError(f"{where}: an array has at least 1 element")
    if name == "char":
        kind: FieldType = Char(counts.pop(), whole=True) if counts else IntType(1, signed=True)
    else:
        found = _TYPES.get(_ALSO.get(name, name))
        if found is None:
            known = [*_TYPES, "char", *_ALSO]
            hint = suggestion(name, known) or f" There are: char[N], {', '.join(_TYPES)}"
            raise ObjectError(f"{where}: there is no type {name!r} here.{hint}")
        kind = found
    for count in reversed(counts):
        if count > _MOST:
            raise ObjectError(f"{where}: {count} elements are more than a record has")
        kind = ArrayType(kind, count) if isinstance(kind, IntType) else elements(kind, count)
    return kind
