"""Lisp files as cases: their programs, and declarations of what their maps hold.

In:  the path of a `.lisp` file. Out: `names`, what its `; run:` lines may name: programs, maps as
     declarations, which have keys, values and records by the object's types, and the structs of
     these.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from kring.abi.programs import Kind
from kring.build import compile_all
from kring.decl.containers import Bloom, LpmTrie, ProgArray, Queue, Stack, StackTraces
from kring.decl.maps import (
    DROPS,
    SCRATCH,
    Array,
    Hash,
    LruHash,
    LruPerCpuHash,
    MapDeclaration,
    PerCpuArray,
    PerCpuHash,
    PerfBuf,
    RingBuf,
    Stream,
)
from kring.decl.struct import Struct, layout
from kring.frontend.lisp.compile import compile_program
from kring.frontend.lisp.toplevel import programs_of
from kring.frontend.lisp.unit import Defprog
from kring.frontend.module import Module
from kring.ir.core import Fn
from kring.obj.object import Map, Object
from kring.typed import Types

_CLASSES = {
    kind.type: kind
    for kind in (
        Array, Bloom, Hash, LpmTrie, LruHash, LruPerCpuHash, PerCpuArray, PerCpuHash, PerfBuf,
        ProgArray, Queue, RingBuf, Stack, StackTraces,
    )
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class LispProgram:
    """A program of a Lisp file, and the object that all of them are in."""

    name: str
    kind: Kind
    source: Defprog
    object: Object
    maps: dict[str, MapDeclaration]

    def compiled(self, module: Module) -> Fn:
        """Its IR; the module gets the maps that it names, as the object has them."""
        fn = compile_program(self.source, module)
        module.maps.update({name: self.maps[name] for name in module.maps})
        return fn


def names(path: Path) -> dict[str, Any]:
    """Programs, maps and structs of a file by their names in the object."""
    return of_text(path.read_text(), str(path))


@cache
def of_text(text: str, file: str) -> dict[str, Any]:
    sources = programs_of(text, file)
    obj, _ = compile_all(sources)
    maps = declarations(obj)
    programs = {one.name: LispProgram(one.name, one.kind, one, obj, maps) for one in sources}
    return {**_structs_of(maps), **maps, **programs}


def _structs_of(maps: dict[str, MapDeclaration]) -> dict[str, type[Struct]]:
    return {kind.__name__: kind for map in maps.values() for kind in _structs(map.types)}


def _structs(types: Any) -> Iterator[type[Struct]]:
    for kind in types:
        if isinstance(kind, type) and issubclass(kind, Struct):
            yield kind
            yield from _structs(field.type for field in layout(kind).fields)


def declarations(obj: Object) -> dict[str, MapDeclaration]:
    """The maps of an object as declarations."""
    types = Types(obj, {})
    return {
        map.name: _declared(map, types)
        for map in obj.maps
        if map.type in _CLASSES and map.name not in (DROPS, SCRATCH)
    }


def _declared(map: Map, types: Types) -> MapDeclaration:
    kind = _CLASSES[map.type]
    made: Any = kind.__new__(kind)
    if issubclass(kind, Stream):
        held: tuple[Any, ...] = (types.record(map),)
        object.__setattr__(made, "count_drops", map.drops is not None)
    elif kind.arity == 2:
        held = types.key(map), types.value(map)
    else:
        held = (types.value(map),)[: kind.arity]
    object.__setattr__(made, "types", held)
    object.__setattr__(made, "max_entries", map.max_entries)
    return made
