"""Live maps as Python mappings: keys and values typed by the declaration, bytes underneath.

In: a live map and the types of its keys and values. Out: `MapHandle`, a `MutableMapping`; a value
of a per-CPU map is a list with one value for each possible CPU.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, MutableMapping
from errno import EINVAL
from functools import partial
from struct import Struct as Packing
from struct import error as PackingError
from typing import Any, TypeVar, cast

from kring.abi.uapi import PER_CPU, MapType
from kring.decl.struct import Struct, code, fields, pack, packed, single, unpack
from kring.decl.types import FieldType, IntType
from kring.errors import LoadError
from kring.run.target import LiveMap
from kring.stream.base import MapBase

K = TypeVar("K")
V = TypeVar("V")

_ARRAYS = frozenset({MapType.ARRAY, MapType.PERCPU_ARRAY, MapType.ARRAY_OF_MAPS})

Codec = tuple[Callable[[Any], bytes], Callable[[bytes], Any]]


class MapHandle(MapBase, MutableMapping[K, V]):
    """The entries of a live map. Iterating sees entries added or removed meanwhile or not, as the
    kernel does, and never one twice unless it was."""

    def __init__(self, live: LiveMap, key: FieldType, value: FieldType) -> None:
        super().__init__(live)
        self._name = live.spec.name
        self._key_bytes, self._key = codec(key)
        encode, decode = codec(value)
        self._per_cpu = live.spec.type in PER_CPU
        self._value_bytes, self._value = (
            _per_cpu(encode, decode, live.spec.value_size) if self._per_cpu else (encode, decode)
        )

    def __getitem__(self, key: K) -> V:
        found = self._live.lookup(self._encode_key(key))
        if found is None:
            raise KeyError(key)
        value: V = self._value(found)
        return value

    def __setitem__(self, key: K, value: V) -> None:
        if not self._live.update(self._encode_key(key), self._encode_value(value)):
            if self._live.spec.type in _ARRAYS:
                raise KeyError(key)
            raise LoadError(f"map {self._name!r} is full: {self._live.spec.max_entries} entries")

    def __delitem__(self, key: K) -> None:
        if not self._live.delete(self._encode_key(key)):
            raise KeyError(key)

    def __iter__(self) -> Iterator[K]:
        return map(self._key, self._live.keys())

    def __len__(self) -> int:
        return sum(1 for _ in iter(self))

    def _encode_key(self, key: K) -> bytes:
        try:
            return self._key_bytes(key)
        except (PackingError, TypeError, ValueError, AttributeError) as error:
            raise KeyError(f"{key!r} is no key of map {self._name!r}: {error}") from None

    def _encode_value(self, value: V) -> bytes:
        each = "a list, one value for each CPU" if self._per_cpu else "one value"
        return encoded(self._live, self._value_bytes, value, each)


class OuterHandle(MapHandle[K, Any]):
    """The entries of a live map of maps: to give one, the handle of a map (or its descriptor); to
    read one, the map's id, as the kernel numbers maps."""

    def __setitem__(self, key: K, value: Any) -> None:
        try:
            super().__setitem__(key, value._live.fd if isinstance(value, MapBase) else value)
        except LoadError as error:
            inner = self._live.spec.inner
            if inner is not None and error.errno == EINVAL:
                error.add_note(
                    f"  it takes maps of type {inner.type.name}, with a key of {inner.key_size}"
                    f" bytes and a value of {inner.value_size}"
                )
            raise


class PerCpuHandle(MapHandle[K, list[V]]):
    """The entries of a live map that has one value for each CPU."""

    def sum(self, key: K) -> V:
        """The values of all CPUs at a key, added: of structs, each field for itself.

        Raises: KeyError if the key is not there; TypeError if a field is no integer.
        """
        values: list[Any] = self[key]
        return cast("V", sum(values) if isinstance(values[0], int) else _sum(values))


def _sum(records: list[Struct]) -> Struct:
    kind = type(records[0])
    totals: dict[str, Any] = {}
    for field in fields(kind):
        column = [getattr(record, field.name) for record in records]
        if isinstance(field.type, type):
            totals[field.name] = _sum(column)
        elif isinstance(field.type, IntType):
            bits = 8 * field.type.size
            low, _ = field.type.range()
            # Added as the kernel half adds: beyond its width a sum begins again.
            totals[field.name] = (sum(column) - low) % (1 << bits) + low
        else:
            raise TypeError(f"{kind.__name__}.{field.name} is no integer: there is no sum of it")
    return kind(**totals)


def encoded(
    live: LiveMap, encode: Callable[[Any], bytes], value: object, takes: str = "one value"
) -> bytes:
    """The bytes of a value.

    Raises: ValueError if the map takes no such value.
    """
    try:
        return encode(value)
    except (PackingError, TypeError, ValueError, AttributeError) as error:
        name = live.spec.name
        raise ValueError(
            f"{value!r} is no value of map {name!r}, which takes {takes}: {error}"
        ) from None


def codec(kind: FieldType) -> Codec:
    """How a key, value or record becomes bytes, and back."""
    if isinstance(kind, IntType):
        number = Packing(code(kind))
        return number.pack, lambda data: number.unpack_from(data)[0]
    if isinstance(kind, type):
        return partial(packed, kind), partial(unpack, kind)
    one: Any = single("value", kind)
    return lambda value: pack(one(value=value)), lambda data: unpack(one, data).value


def _per_cpu(encode: Callable[[Any], bytes], decode: Callable[[bytes], Any], size: int) -> Codec:
    """Values of all CPUs in a row, each padded to 8 bytes."""
    stride = -(-size // 8) * 8

    def join(values: list[Any]) -> bytes:
        return b"".join(encode(value).ljust(stride, b"\0") for value in values)

    def split(data: bytes) -> list[Any]:
        return [decode(data[at : at + stride]) for at in range(0, len(data), stride)]

    return join, split
