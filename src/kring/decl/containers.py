"""Maps of the rarer kinds, declared: by prefix, queues, filters, stacks of calls, tail calls."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar

from kring.abi.uapi import BPF_F_NO_PREALLOC, MapType
from kring.decl.inside import only_inside
from kring.decl.maps import INDEX, K, MapDeclaration, Table, V, not_live
from kring.decl.struct import fields, sizeof
from kring.decl.types import ArrayType, IntType
from kring.errors import DeclarationError

T = TypeVar("T")

_DEEPEST = 127
"""PERF_MAX_STACK_DEPTH, which the sysctl kernel.perf_event_max_stack bounds further."""


class LpmTrie(Table[K, V]):
    """Values by prefix; what is looked up is the longest prefix of a key.

    The key is a struct whose first field, a u32, is the number of bits that count; the others hold
    the bits, first bit first, so that integers are be32 and its like.
    See: BPF_MAP_TYPE_LPM_TRIE.
    """

    __slots__ = ()
    type = MapType.LPM_TRIE
    # The kernel takes no trie without it.
    flags = BPF_F_NO_PREALLOC

    def __init__(self, max_entries: int) -> None:
        super().__init__(max_entries)
        key = self.types[0]
        first = fields(key)[0].type if isinstance(key, type) else None
        if not isinstance(key, type) or first != IntType(4) or not 5 <= sizeof(key) <= 260:
            raise DeclarationError(
                "LpmTrie: its key is a Struct that begins with a u32, how many bits count, "
                "and has the bits behind it: `class Route(Struct): prefixlen: u32; address: be32`"
            )


class Container(MapDeclaration, Generic[T]):
    """What maps without keys have in common: values of one type."""

    __slots__ = ()
    arity = 1


class _Ordered(Container[T]):
    """What queues and stacks offer to programs."""

    __slots__ = ()

    def push(self, value: T, /) -> bool:
        """In a program: add a value; true if there was room."""
        not_live(self, ".push()")

    def pop(self) -> T | None:
        """In a program: the value that is next, which is then gone; None if there is none."""
        not_live(self, ".pop()")

    def peek(self) -> T | None:
        """In a program: a copy of the value that is next; None if there is none."""
        not_live(self, ".peek()")


class Queue(_Ordered[T]):
    """At most `max_entries` values, first in, first out. See: BPF_MAP_TYPE_QUEUE."""

    __slots__ = ()
    type = MapType.QUEUE


class Stack(_Ordered[T]):
    """At most `max_entries` values, last in, first out. See: BPF_MAP_TYPE_STACK."""

    __slots__ = ()
    type = MapType.STACK


class Bloom(Container[T]):
    """A filter made for `max_entries` values: `in` is sure of those that were never added, and
    right in most cases about the others.

    Since: Linux 5.16. See: BPF_MAP_TYPE_BLOOM_FILTER.
    """

    __slots__ = ()
    type = MapType.BLOOM_FILTER

    def add(self, value: T, /) -> None:
        """In a program: add a value, for good."""
        not_live(self, ".add()")

    def __contains__(self, value: T, /) -> bool:
        not_live(self, " with `in`")


class StackTraces(MapDeclaration):
    """At most `max_entries` different stacks of calls, each of at most `depth` return addresses.

    See: BPF_MAP_TYPE_STACK_TRACE.
    """

    __slots__ = ("depth",)
    type = MapType.STACK_TRACE
    arity = 0
    key = INDEX
    depth: int

    def __init__(self, max_entries: int, *, depth: int = _DEEPEST) -> None:
        super().__init__(max_entries)
        if not 1 <= depth <= _DEEPEST:
            raise DeclarationError(f"StackTraces: depth {depth}; it is 1 to {_DEEPEST}")
        object.__setattr__(self, "depth", depth)

    def id(self, *, user: bool = False, skip: int = 0) -> int:
        """In a program: a number for the stack of calls that leads here, negative if there is none.

        It is the kernel's part of the stack, or with `user` the process's, without the innermost
        `skip` calls.
        """
        only_inside("id()")


class ProgArray(MapDeclaration):
    """`length` places for programs that others go on with. See: BPF_MAP_TYPE_PROG_ARRAY."""

    __slots__ = ()
    type = MapType.PROG_ARRAY
    arity = 0
    key = INDEX

    def __init__(self, length: int) -> None:
        super().__init__(length)

    def tail_call(self, i: int, /) -> None:
        """In a program: end it and go on with the program at `i`, in the same context.

        Where there is none, or after 33 such calls in a row, what follows is done instead.
        """
        only_inside("tail_call()")


VALUES: dict[type[MapDeclaration], Callable[[Any], IntType | ArrayType]] = {
    StackTraces: lambda declaration: ArrayType(IntType(8), declaration.depth),
    ProgArray: lambda _: INDEX,
}
"""The type of the values of maps that are declared without types."""
