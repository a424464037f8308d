"""Live maps of the rarer kinds: queues, filters, stacks of calls, programs to jump to.

In: a live map and the type of its values. Out: `handle`, the class that speaks its language.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Generic, TypeVar

from kring.abi.uapi import MapType
from kring.decl.types import FieldType
from kring.errors import LoadError
from kring.run.target import LiveMap
from kring.stream.base import MapBase
from kring.stream.maps import codec, encoded

V = TypeVar("V")

_NUMBER = 4
_ADDRESS = 8

Descriptor = Callable[[Any], int]
"""The descriptor of a loaded program, given as its declaration or its handle."""


def handle(live: LiveMap, value: FieldType, descriptor: Descriptor) -> Any:
    """The live handle of a map of a rarer kind, that has no keys or those of its kind."""
    match live.spec.type:
        case MapType.STACK_TRACE:
            return TracesHandle(live)
        case MapType.PROG_ARRAY:
            return JumpHandle(live, descriptor)
        case MapType.BLOOM_FILTER:
            return FilterHandle[Any](live, value)
        case _:
            return QueueHandle[Any](live, value)


class QueueHandle(MapBase, Generic[V]):
    """A live queue or stack."""

    def __init__(self, live: LiveMap, kind: FieldType) -> None:
        super().__init__(live)
        self._encode, self._decode = codec(kind)

    def push(self, value: V, /) -> bool:
        """Add a value; whether there was room."""
        return self._live.update(b"", encoded(self._live, self._encode, value))

    def pop(self) -> V | None:
        """The value that comes first, which is then gone; None if there is none."""
        return self._found(self._live.take())

    def peek(self) -> V | None:
        """The value that comes first; None if there is none."""
        return self._found(self._live.lookup(b""))

    def _found(self, data: bytes | None) -> V | None:
        return None if data is None else self._decode(data)


class FilterHandle(MapBase, Generic[V]):
    """A live filter: `in` is sure of what was never added, and mostly right about the rest."""

    def __init__(self, live: LiveMap, kind: FieldType) -> None:
        super().__init__(live)
        self._encode, _ = codec(kind)

    def add(self, value: V, /) -> None:
        """Add a value, for good."""
        self._live.update(b"", encoded(self._live, self._encode, value))

    def __contains__(self, value: V) -> bool:
        return self._live.may_hold(encoded(self._live, self._encode, value))


class TracesHandle(MapBase, Mapping[int, tuple[int, ...]]):
    """Live stacks of calls: return addresses by the number a program was given, innermost first."""

    def __getitem__(self, id: int) -> tuple[int, ...]:
        data = self._live.lookup(_key(id))
        if data is None:
            raise KeyError(id)
        pieces = (data[at : at + _ADDRESS] for at in range(0, len(data), _ADDRESS))
        addresses = (int.from_bytes(piece, "little") for piece in pieces)
        return tuple(address for address in addresses if address)

    def __delitem__(self, id: int) -> None:
        """Forget a stack, so that its place is free."""
        if not self._live.delete(_key(id)):
            raise KeyError(id)

    def __iter__(self) -> Iterator[int]:
        return (int.from_bytes(key, "little") for key in list(self._live.keys()))

    def __len__(self) -> int:
        return len(list(self._live.keys()))


def _key(id: int) -> bytes:
    """A stack's number as the map has it; what a program was given may be an error's instead."""
    if not 0 <= id < 1 << 8 * _NUMBER:
        raise KeyError(id)
    return id.to_bytes(_NUMBER, "little")


class JumpHandle(MapBase):
    """Live places for programs to go on with. A place holds a program for as long as the session
    lasts or until it is deleted."""

    def __init__(self, live: LiveMap, descriptor: Descriptor) -> None:
        super().__init__(live)
        self._descriptor = descriptor

    def __setitem__(self, i: int, program: Any) -> None:
        """Put a loaded program of the same kind in a place."""
        fd = self._descriptor(program)
        try:
            stored = self._live.update(self._key(i), fd.to_bytes(_NUMBER, "little"))
        except LoadError as error:
            error.add_note("  a place takes programs of the kind of those that jump to it")
            raise
        if not stored:
            raise KeyError(i)

    def __delitem__(self, i: int) -> None:
        if not self._live.delete(self._key(i)):
            raise KeyError(i)

    def __contains__(self, i: int) -> bool:
        return 0 <= i < len(self) and self._live.lookup(self._key(i)) is not None

    def __len__(self) -> int:
        return self._live.spec.max_entries

    def _key(self, i: int) -> bytes:
        if not 0 <= i < len(self):
            raise KeyError(i)
        return i.to_bytes(_NUMBER, "little")
