"""Live shared variables: memory that programs and user space read and write.

In: the map that holds a build's variables, and where in it one lies. Out: `GlobalHandle`.
"""

from __future__ import annotations

from typing import Any, Generic, TypeVar

from kring.decl.struct import Struct, pack, sizeof, unpack
from kring.run.target import LiveMap

V = TypeVar("V")


class GlobalHandle(Generic[V]):
    """The live value of a `Global`; an integer is read and written at once."""

    __slots__ = ("_cell", "_live", "_memory", "_place")

    def __init__(self, live: LiveMap, offset: int, cell: type[Struct]) -> None:
        self._live = live
        self._cell = cell
        self._place = slice(offset, offset + sizeof(cell))
        self._memory: memoryview | None = None

    @property
    def value(self) -> V:
        """What the variable holds now."""
        held: Any = unpack(self._cell, bytes(self._bytes()))
        value: V = held.value
        return value

    @value.setter
    def value(self, value: V) -> None:
        self._bytes()[:] = pack(self._cell(value=value))

    def __repr__(self) -> str:
        return f"<global {self.value!r}>"

    def _bytes(self) -> memoryview:
        if self._memory is None:
            self._memory = self._live.value()[self._place]
        return self._memory
