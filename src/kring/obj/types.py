"""The types that an object has, as classes.

In: an `Object`. Out: its BTF, one for all who look at it, so that each of its structs is one class
wherever it is met; and these classes by name.
"""

from __future__ import annotations

from typing import Final
from weakref import WeakValueDictionary

from kring.btf.blob import Btf
from kring.btf.types import Kind
from kring.decl.foreign import struct_of
from kring.decl.struct import Struct
from kring.obj.named import Named
from kring.obj.object import Object

_blobs: Final[WeakValueDictionary[bytes, Btf]] = WeakValueDictionary()
"""Those of which a class, a session or whoever else still has need."""


def types_of(obj: Object) -> Btf | None:
    """The object's BTF, None if it has none."""
    if not obj.btf:
        return None
    found = _blobs.get(obj.btf)
    if found is None:
        found = _blobs[obj.btf] = Btf(obj.btf, where=obj.name)
    return found


def structs(obj: Object) -> Named[type[Struct]]:
    """The structs and unions that have a name, their own or a typedef's, by it."""
    btf = types_of(obj)
    if btf is None:
        return Named("struct", {}, _none)
    ids: dict[str, int] = {}
    for id in range(1, len(btf)):
        kind, name = btf.kind(id), btf.name(id)
        if name and kind in _COMPOSITE:
            ids.setdefault(name, id)
    for id in range(1, len(btf)):
        if btf.kind(id) is Kind.TYPEDEF and btf.kind(btf.strip(id)) in _COMPOSITE:
            ids.setdefault(btf.name(id), id)
    return Named("struct", ids, lambda name: struct_of(btf, ids[name]))


_COMPOSITE: Final = (Kind.STRUCT, Kind.UNION)


def _none(name: str) -> type[Struct]:
    raise KeyError(name)
