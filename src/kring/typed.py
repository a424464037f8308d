"""Handles for an object that has no declarations: keys, values, records and variables are typed
by what its BTF says of them, and are bytes where it says nothing.

In: an `Object`, and what of it is live. Out: `s.maps[name]` and `s.globals[name]`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from struct import pack
from typing import Any, Final

from kring.abi.helpers import HELPERS
from kring.abi.uapi import MapType
from kring.decl.coded import raw
from kring.decl.foreign import field_type_of
from kring.decl.maps import INDEX
from kring.decl.struct import Struct, single
from kring.decl.types import FieldType
from kring.errors import ObjectError
from kring.obj.functions import CALL
from kring.obj.globals import Variable
from kring.obj.object import Map, Object
from kring.obj.types import types_of
from kring.run.target import LiveMap
from kring.spelling import suggestion
from kring.stream.variables import GlobalHandle

_OUTPUTS: Final = tuple(
    pack("<Bxxxi", CALL, HELPERS[name].id)
    for name in ("perf_event_output", "skb_output", "xdp_output")
)
"""Calls of what writes to perf buffers."""

STREAMS: Final = (MapType.RINGBUF, MapType.PERF_EVENT_ARRAY)
ENTRYLESS: Final = (MapType.USER_RINGBUF, MapType.ARENA)
_INDEXED: Final = (MapType.ARRAY, MapType.PERCPU_ARRAY, MapType.PROG_ARRAY, MapType.ARRAY_OF_MAPS)
_OF_NUMBERS: Final = (MapType.ARRAY_OF_MAPS, MapType.HASH_OF_MAPS)
"""Kinds whose values are the ids of other maps."""


def _check_class(name: str, kind: object) -> None:
    if not (isinstance(kind, type) and issubclass(kind, Struct)):
        raise ObjectError(f"records of {name!r} are of a class below Struct, not {kind!r}")


class Types:
    """What an object says of its maps and variables; `records` says more of its streams.

    Raises: ObjectError for a record of a stream that is not there.
    """

    def __init__(self, obj: Object, records: Mapping[str, type[Struct]]) -> None:
        self._btf = types_of(obj)
        self._records = records
        streams = [map.name for map in obj.maps if map.type in STREAMS]
        for name, kind in records.items():
            if name not in streams:
                hint = suggestion(name, streams) or f" It has: {', '.join(streams) or 'none'}"
                raise ObjectError(f"{obj.name} has no stream {name!r} for records.{hint}")
            _check_class(name, kind)

    def key(self, map: Map) -> FieldType:
        """The type of the map's keys."""
        return INDEX if map.type in _INDEXED else self._of(map.key_type, map.key_size)

    def value(self, map: Map) -> FieldType:
        """The type of the map's values."""
        return INDEX if map.type in _OF_NUMBERS else self._of(map.value_type, map.value_size)

    def record(self, map: Map) -> FieldType | None:
        """The type of a stream's records, None if nobody knows."""
        if map.name in self._records:
            return self._records[map.name]
        return self._typed(map.record)

    def variable(self, live: LiveMap, variable: Variable) -> GlobalHandle[Any]:
        kind = self._of(variable.type_id, variable.size)
        return GlobalHandle(live, variable.offset, single(variable.name, kind), variable.name)

    def _of(self, type_id: int, size: int) -> FieldType:
        kind = self._typed(type_id)
        if kind is None or self._btf is None or self._btf.size(type_id) != size:
            return raw(size)
        return kind

    def _typed(self, type_id: int) -> FieldType | None:
        """The type, None if it is unknown or is one that cannot be."""
        try:
            return field_type_of(self._btf, type_id) if self._btf and type_id else None
        except ObjectError:
            return None


def streams(obj: Object) -> list[Map]:
    """The maps that carry records to user space: rings, and the perf buffers that programs write
    to and do not only read counters from."""
    written = set(perf_outputs(obj))
    return [
        map
        for map in obj.maps
        if map.autocreate and (map.type is MapType.RINGBUF or map.name in written)
    ]


def perf_outputs(obj: Object) -> Iterator[str]:
    """The perf buffers that programs write records to, and do not only read counters from."""
    buffers = {map.name for map in obj.maps if map.type is MapType.PERF_EVENT_ARRAY}
    for program in obj.programs:
        if any(call in program.code for call in _OUTPUTS):
            yield from buffers.intersection(ref.map for ref in program.maps)
