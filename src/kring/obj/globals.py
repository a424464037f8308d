"""Global variables: where each lies in the maps of an object.

In: an `Object`, whose types (BTF) list the variables of each section. Out: `Variable`s by name.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from kring.btf.blob import Btf
from kring.btf.types import DataSec, Var
from kring.errors import ObjectError
from kring.obj.object import Map, Object
from kring.record import record
from kring.spelling import suggestion


@record
class Variable:
    """`size` bytes at `offset` of the value of `map`; `type_id` is its type in the object's BTF."""

    name: str
    map: str
    offset: int
    size: int
    type_id: int


def variables(obj: Object) -> dict[str, Variable]:
    """By name; where several have one name, by `section:name`."""
    found = list(_variables(obj))
    counts = Counter(one.name for one in found)
    return {one.name if counts[one.name] == 1 else f"{one.map}:{one.name}": one for one in found}


def _variables(obj: Object) -> Iterator[Variable]:
    btf = Btf(obj.btf, where=obj.name) if obj.btf else None
    for map in obj.maps:
        section = btf[map.value_type] if btf and map.data is not None else None
        if btf is None or not isinstance(section, DataSec):
            continue
        for id, offset, size in section.vars:
            variable = btf[id]
            if isinstance(variable, Var) and offset + size <= map.value_size:
                yield Variable(variable.name, map.name, offset, size, variable.type)


def find_variable(obj: Object, name: str) -> Variable:
    """The variable that `name` or `section:name` means.

    Raises: ObjectError if there is none, or more than one.
    """
    known = list(_variables(obj))
    section, _, plain = name.rpartition(":")
    found = [one for one in known if one.name == plain and section in ("", one.map)]
    if len(found) == 1:
        return found[0]
    if found:
        listed = ", ".join(f"{one.map}:{plain}" for one in found)
        raise ObjectError(f"{len(found)} global variables are called {plain!r}; name one: {listed}")
    names = [one.name for one in known]
    hint = suggestion(plain, names)
    if not hint:
        untyped = [map.name for map in obj.maps if map.data is not None]
        listed = ", ".join(names) or "none"
        no_types = f" whose types (BTF) are known, in {', '.join(untyped)}" if untyped else ""
        hint = f" It has: {listed}{no_types if not names else ''}"
    raise ObjectError(f"{obj.name} has no global variable {name!r}.{hint}")


def with_value(map: Map, variable: Variable, value: bytes) -> bytes:
    """The data of a map with the variable's part changed."""
    data = bytearray(map.data or b"")
    data[variable.offset : variable.offset + len(value)] = value
    return bytes(data)
