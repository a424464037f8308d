"""Another object that differs from a given one in what its user decides.

In: an `Object` and dicts by name, as `Object.replace` takes them. Out: the new object.

Raises: ObjectError for a name that is not there, and for a value that does not fit.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from kring.abi.programs import parse_section, with_target
from kring.abi.uapi import MapType
from kring.btf.blob import Btf
from kring.errors import ObjectError
from kring.obj.globals import find_variable, with_value
from kring.obj.object import Map, Object, Program
from kring.obj.values import to_bytes
from kring.record import replace
from kring.spelling import suggestion


def changed(
    obj: Object,
    sizes: Mapping[str, int],
    rodata: Mapping[str, Any],
    autoload: Mapping[str, bool],
    attach: Mapping[str, str],
    autocreate: Mapping[str, bool],
) -> Object:
    """The object with all of these changes."""
    maps = {map.name: map for map in obj.maps}
    programs = {program.name: program for program in obj.programs}
    _check("map", [*sizes, *autocreate], maps)
    _check("program", [*autoload, *attach], programs)
    for name, entries in sizes.items():
        maps[name] = _resized(maps[name], entries)
    for name, wanted in autocreate.items():
        maps[name] = replace(maps[name], autocreate=bool(wanted))
    for name, value in rodata.items():
        variable = find_variable(obj, name)
        data = to_bytes(Btf(obj.btf, where=obj.name), variable.type_id, value, name)
        map = maps[variable.map]
        settings = tuple(
            replace(one, given=True) if one.offset == variable.offset else one
            for one in map.settings
        )
        maps[map.name] = replace(map, data=with_value(map, variable, data), settings=settings)
    for name, wanted in autoload.items():
        programs[name] = replace(programs[name], autoload=bool(wanted))
    for name, hook in attach.items():
        programs[name] = replace(programs[name], section=_section(programs[name], hook))
    return replace(obj, maps=tuple(maps.values()), programs=tuple(programs.values()))


def _check(what: str, names: Iterable[str], known: Mapping[str, object]) -> None:
    for name in names:
        if name not in known:
            hint = suggestion(name, known) or f" It has: {', '.join(known) or 'none'}"
            raise ObjectError(f"the object has no {what} {name!r}.{hint}")


def _resized(map: Map, entries: object) -> Map:
    if map.data is not None:
        raise ObjectError(f"map {map.name!r} holds global variables: its size is fixed")
    if not isinstance(entries, int) or not 0 <= entries < 1 << 32:
        what = "bytes" if map.type in (MapType.RINGBUF, MapType.USER_RINGBUF) else "entries"
        raise ObjectError(f"map {map.name!r} cannot have {entries!r} {what}")
    return replace(map, max_entries=entries)


def _section(program: Program, hook: object) -> str:
    """A section's name as it is, or the program's own with another target."""
    if not isinstance(hook, str):
        raise ObjectError(f"program {program.name!r} attaches where a text says, not {hook!r}")
    try:
        parse_section(hook)
    except KeyError:
        pass
    else:
        return hook
    try:
        found = with_target(program.section, hook)
    except KeyError:
        raise ObjectError(
            f"program {program.name!r} is in section {program.section!r}, which names no kind: "
            f"give a whole section with one, as in 'tracepoint/{hook}'"
        ) from None
    if not found:
        raise ObjectError(
            f"program {program.name!r} is in section {program.section!r}, which names no target, so"
            f" that {hook!r} cannot be it: give a whole section"
        )
    return found
