"""What an object holds: `kring dump X.bpf.o`.

In:  an Object. Out: its maps, variables, and programs with what is relocated in them, as comments
     around assembler text, or as JSON. Needs no privileges, nor programs of a known kind.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from kring.btf.blob import Btf
from kring.btf.types import Array
from kring.dump import assembler, relocated
from kring.errors import ObjectError
from kring.obj.kfuncs import spell
from kring.obj.object import Map, Object, Program


def contents(obj: Object, json: bool) -> int:
    """Print all of it."""
    if json:
        from json import dumps

        print(dumps(_as_json(obj), indent=2))
    else:
        print("\n".join(_lines(obj)))
    return 0


def _lines(obj: Object) -> Iterator[str]:
    version = f", version {obj.version}" if obj.version else ""
    yield f"; object {obj.name}: licence {obj.license or 'none'}{version}"
    types = _Types(obj)
    for map in obj.maps:
        yield f"; map {map.name}: {', '.join(types.facts(map))}"
    for name, variable in obj.variables().items():
        what = types.spelled(variable.type_id, variable.size)
        yield f"; variable {name}: {what}, at {variable.offset} of {variable.map}"
    for program in obj.programs:
        yield ""
        if not program.autoload:
            yield "; optional: loaded only when asked for"
        yield from assembler(obj, program)


class _Types:
    """How the types of an object are called."""

    def __init__(self, obj: Object) -> None:
        self._btf = Btf(obj.btf, where=obj.name) if obj.btf else None

    def spelled(self, id: int, size: int) -> str:
        """As C has it, or the number of bytes."""
        known = self.name(id)
        return f"{known}, {_bytes(size)}" if known else _bytes(size)

    def name(self, id: int) -> str:
        """As C has it, empty if nobody knows."""
        try:
            return self._name(self._btf, id) if self._btf and id else ""
        except ObjectError:
            return ""

    def _name(self, btf: Btf, id: int) -> str:
        counts, of = "", id
        while isinstance(array := btf[btf.strip(of)], Array) and len(counts) < _LONGEST:
            counts, of = f"{counts}[{array.count}]", array.type
        return f"{spell(btf, of)}{counts}"

    def facts(self, map: Map) -> Iterator[str]:
        """What is not 0 of a map, in words."""
        yield map.type.name.lower()
        types: tuple[tuple[str, int, int], ...] = (
            ("key", map.key_type, map.key_size),
            ("value", map.value_type, map.value_size),
        )
        if map.data is not None:
            yield _bytes(map.value_size)
            types = ()
        for what, id, size in types:
            if size or id:
                yield f"{what} {self.spelled(id, size)}"
        if map.record:
            yield f"records {self.name(map.record)}"
        if map.max_entries and map.data is None:
            rings = ("RINGBUF", "USER_RINGBUF")
            yield _bytes(map.max_entries) if map.type.name in rings else _count(map.max_entries)
        for name, fact in _SETTINGS.items():
            if text := fact(map):
                yield f"{name} {text}".strip()


_LONGEST = 64
"""Characters of an array's lengths."""


def _bytes(size: int) -> str:
    return f"{size} byte{'s' * (size != 1)}"


def _count(entries: int) -> str:
    return f"{entries} entr{'ies' if entries != 1 else 'y'}"


def _inner(map: Map) -> str:
    return map.inner.type.name.lower() if map.inner else ""


_SETTINGS: dict[str, Callable[[Map], str]] = {
    "flags": lambda map: f"{map.flags:#x}" if map.flags and map.data is None else "",
    "of": _inner,
    "holds": lambda map: " ".join(f"{key}={name}" for key, name in map.values),
    "node": lambda map: str(map.numa_node or ""),
    "extra": lambda map: f"{map.map_extra:#x}" if map.map_extra else "",
    "pinned": lambda map: "by name" if map.pinned else "",
    "settings": lambda map: " ".join(setting.name for setting in map.settings),
    "losses": lambda map: f"counted at {map.drops}" if map.drops is not None else "",
}


def _as_json(obj: Object) -> dict[str, Any]:
    types = _Types(obj)
    return {
        "object": obj.name,
        "license": obj.license,
        "version": obj.version,
        "maps": [_map(types, map) for map in obj.maps],
        "globals": [
            {
                "name": name,
                "map": variable.map,
                "offset": variable.offset,
                "size": variable.size,
                "type": types.name(variable.type_id),
            }
            for name, variable in obj.variables().items()
        ],
        "programs": [_program(obj, program) for program in obj.programs],
    }


def _map(types: _Types, map: Map) -> dict[str, Any]:
    return {
        "name": map.name,
        "type": map.type.name.lower(),
        "key": types.name(map.key_type),
        "key_size": map.key_size,
        "value": types.name(map.value_type),
        "value_size": map.value_size,
        "record": types.name(map.record),
        "max_entries": map.max_entries,
        "flags": map.flags,
        "pinned": map.pinned,
        "inner": _inner(map),
        "holds": dict(map.values),
    }


def _program(obj: Object, program: Program) -> dict[str, Any]:
    return {
        "name": program.name,
        "section": program.section,
        "autoload": program.autoload,
        "slots": program.slots,
        "relocations": [
            {"slot": slot, "kind": kind, "to": to} for slot, kind, to in relocated(obj, program)
        ],
        "text": "\n".join(assembler(obj, program)),
    }
