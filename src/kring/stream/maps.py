"""Live maps as Python mappings: keys and values typed by the declaration, bytes underneath.

In: a live map and the types of its keys and values. Out: `MapHandle`, a `MutableMapping`; a value
of a per-CPU map is a list with one value for each possible CPU.
"""

from __future__ import annotations

from collections.abc import Callable, ItemsView, Iterable, Iterator, MutableMapping, ValuesView
from errno import EINVAL
from functools import partial
from struct import Struct as Packing
from struct import error as PackingError
from typing import TYPE_CHECKING, Any, TypeVar, cast

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
    """The entries of a live map.

    Whatever programs and others do meanwhile, iterating ends, gives no key twice, and raises
    nothing; what is added or removed while it goes on is seen or not. Of a hash table, what is
    there all the time is seen for sure. `items`, `values` and `snapshot` read keys and values
    together, many at a time; `dict(handle)` looks each key up, and misses one that is gone by then
    with a KeyError.
    """

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
            raise self._no_room(key)

    def __delitem__(self, key: K) -> None:
        if not self._live.delete(self._encode_key(key)):
            raise KeyError(key)

    def __iter__(self) -> Iterator[K]:
        return map(self._key, self._live.keys())

    def __len__(self) -> int:
        return sum(1 for _ in self._live.keys())  # noqa: SIM118, it is no dict

    def items(self) -> ItemsView[K, V]:
        """Keys and values, read together."""
        return _Items(self)

    def values(self) -> ValuesView[V]:
        return _Values(self)

    def snapshot(self) -> dict[K, V]:
        """All entries, as they are now."""
        return dict(self.entries())

    def entries(self) -> Iterator[tuple[K, V]]:
        for key, value in self._live.items():
            yield self._key(key), self._value(value)

    def drain(self) -> dict[K, V]:
        """All entries, which are then gone: each is in the dict, or still in the map.

        What a program adds at this moment to a value that it has a reference to may be in neither.
        Raises: LoadError for an array, whose entries are always there.
        """
        self._check_deletes()
        return {self._key(key): self._value(value) for key, value in self._live.drain()}

    def clear(self) -> None:
        """Delete all entries.

        Raises: LoadError for an array, whose entries are always there.
        """
        self._check_deletes()
        self._live.drain()

    def discard(self, keys: Iterable[K], /) -> int:
        """Delete those of the keys that are there; how many were.

        Raises: LoadError for an array, whose entries are always there.
        """
        self._check_deletes()
        return self._live.delete_all([self._encode_key(key) for key in keys])

    if not TYPE_CHECKING:
        # What these are for checkers, MutableMapping says at length.

        def update(self, other: Any = (), /, **more: Any) -> None:
            """Store many entries, in their order, up to the first that finds no room."""
            pairs = list(dict(other, **more).items())
            encoded = [(self._encode_key(key), self._encode_value(value)) for key, value in pairs]
            done = self._live.store_all(encoded)
            if done < len(pairs):
                raise self._no_room(pairs[done][0])

        def pop(self, key: K, /, *default: V) -> V:
            """The value at a key, which is then gone, in one step where the kernel has it."""
            if len(default) > 1:
                raise TypeError("pop() takes a key and a default")
            self._check_deletes()
            found = self._live.take(self._encode_key(key))
            if found is not None:
                return self._value(found)
            if default:
                return default[0]
            raise KeyError(key)

    def _no_room(self, key: K) -> Exception:
        if self._live.spec.type in _ARRAYS:
            return KeyError(key)
        return LoadError(f"map {self._name!r} is full: {self._live.spec.max_entries} entries")

    def _check_deletes(self) -> None:
        if self._live.spec.type in _ARRAYS:
            raise LoadError(
                f"map {self._name!r} is an array: its entries are always there. Set them instead",
                EINVAL,
            )

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
            super().__setitem__(key, value)
        except LoadError as error:
            inner = self._live.spec.inner
            if inner is not None and error.errno == EINVAL:
                error.add_note(
                    f"  it takes maps of type {inner.type.name}, with a key of {inner.key_size}"
                    f" bytes and a value of {inner.value_size}"
                )
            raise

    def _encode_value(self, value: Any) -> bytes:
        return super()._encode_value(value._live.fd if isinstance(value, MapBase) else value)


class _Items(ItemsView[K, V]):
    """Entries that are read together: none is gone when its value is asked for."""

    def __init__(self, handle: MapHandle[K, V]) -> None:
        super().__init__(handle)
        self._handle = handle

    def __iter__(self) -> Iterator[tuple[K, V]]:
        return self._handle.entries()


class _Values(ValuesView[V]):
    def __init__(self, handle: MapHandle[Any, V]) -> None:
        super().__init__(handle)
        self._handle = handle

    def __iter__(self) -> Iterator[V]:
        return (value for _, value in self._handle.entries())


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
