"""Live shared variables: memory that programs and user space read and write.

In: the map that holds a build's variables, and where in it one lies. Out: `GlobalHandle`.
"""

from __future__ import annotations

from typing import Any, Generic, TypeVar

from kring.abi.uapi import BPF_F_RDONLY_PROG
from kring.decl.struct import Struct, pack, sizeof, unpack
from kring.errors import LoadError
from kring.run.target import LiveMap

V = TypeVar("V")


class GlobalHandle(Generic[V]):
    """The live value of a `Global`, or of an object's variable; an integer is read and written at
    once."""

    __slots__ = ("_cell", "_live", "_memory", "_name", "_place")

    def __init__(self, live: LiveMap, offset: int, cell: type[Struct], name: str = "") -> None:
        self._live = live
        self._cell = cell
        self._name = name
        self._place = slice(offset, offset + sizeof(cell))
        self._memory: memoryview | None = None

    @property
    def value(self) -> V:
        """What the variable holds now."""
        held: Any = unpack(self._cell, self._read())
        value: V = held.value
        return value

    @value.setter
    def value(self, value: V) -> None:
        data = pack(self._cell(value=value))
        if self._live.spec.flags & BPF_F_RDONLY_PROG:
            raise TypeError(
                f"{self._name or 'this variable'} is constant, in {self._live.spec.name}: give it "
                "another value before loading, with `obj.replace(rodata={…})`"
            )
        self._bytes()[:] = data

    def __repr__(self) -> str:
        return f"<global {self.value!r}>"

    def _read(self) -> bytes:
        try:
            return bytes(self._bytes())
        except LoadError:
            # A section that holds a lock or a list is no memory that both sides see.
            data = self._live.lookup(bytes(self._live.spec.key_size))
            if data is None:
                raise
            return data[self._place]

    def _bytes(self) -> memoryview:
        if self._memory is None:
            self._memory = self._live.value()[self._place]
        return self._memory
