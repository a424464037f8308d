"""Maps inside programs: what `get`, `pop`, `set`, `in`, `del`, `[]` and `+=` build."""

from __future__ import annotations

from collections.abc import Callable

from kring.abi.uapi import BPF_ANY, BPF_NOEXIST, MapType
from kring.decl.maps import MapDeclaration, ValueType, value_size
from kring.decl.types import IntType
from kring.frontend.builder import Builder
from kring.frontend.diagnose import refuse
from kring.frontend.integers import known
from kring.frontend.memory import check_constant, load_int, store_int
from kring.frontend.texts import copy_value, strings
from kring.frontend.values import KernelPtr, Maybe, Num, Ref, Val, describe, parts
from kring.ir.core import Space, Span, Value

ARRAYS = frozenset({MapType.ARRAY, MapType.PERCPU_ARRAY})
_INDEX = IntType(4)
_HERE = "<found>"
"""A variable no source can name, for a value that several paths bring to one place."""


def key_type(declaration: MapDeclaration) -> ValueType:
    """The type of the map's keys; an array's is its index."""
    return _INDEX if declaration.type in ARRAYS else declaration.types[0]


def in_memory(b: Builder, kind: ValueType, val: Val, what: str) -> Value:
    """A pointer to a key or value, in a stack slot of its own if it is not in memory yet."""
    match kind, val:
        case IntType(), Num():
            check_constant(b, what, kind, val)
            slot = b.stack(8)
            store_int(b, slot, 0, kind, val.value)
            return slot
        case type() as struct, Ref() if val.struct is struct:
            return b.at(val.pointer, val.offset)
        case _:
            wanted = kind.name if isinstance(kind, IntType) else kind.__name__
            refuse(b.span, f"the {what} is {wanted}; this is {describe(val)}")


def key_in_memory(b: Builder, declaration: MapDeclaration, name: str, key: Val) -> Value:
    """A pointer to a key, whose strings have nothing behind their NUL: every byte counts. An
    index known to be beyond an array's end is refused."""
    if declaration.type in ARRAYS and isinstance(key, Num):
        for index in known(key) or ():
            check_index(b.span, declaration, name, index)
    kind = key_type(declaration)
    pointer = in_memory(b, kind, key, f"key of {name!r}")
    if not isinstance(kind, type) or pointer.type.space is Space.STACK or not any(strings(kind)):
        return pointer
    slot = b.stack(value_size(kind))
    copy_value(b, slot, pointer, kind)
    return slot


def check_index(span: Span, declaration: MapDeclaration, name: str, index: int) -> None:
    """Refuse an index that no entry of the array has."""
    last = declaration.max_entries - 1
    if not 0 <= index <= last:
        entries = f"0 to {last}" if last else "0 only"
        refuse(span, f"{name}[{index}] is beyond the array's end: its indexes are {entries}")


def lookup(b: Builder, declaration: MapDeclaration, name: str, key: Val) -> tuple[Value, Value]:
    """A pointer to the key, and one to its value, or null."""
    pointer = key_in_memory(b, declaration, name, key)
    return pointer, b.call("map_lookup_elem", b.map(name), pointer)


def value_at(b: Builder, declaration: MapDeclaration, pointer: Value) -> Num | Ref:
    """What a non-null pointer to a value means: a struct is referred to, an integer copied."""
    kind = declaration.types[-1]
    if isinstance(kind, IntType):
        return load_int(b, pointer, 0, kind)
    return Ref(pointer, kind, shared=True)


def settle(
    b: Builder,
    pointer: Value,
    take: Callable[[], Num | Ref | KernelPtr],
    default: Num | None = None,
) -> Val:
    """What a lookup found, taken now; `default` where there is nothing, else maybe None."""
    found, missing, after = b.join(), b.join(), b.join()
    b.branch(pointer, found, missing)
    b.enter(found)
    inner = take()
    if isinstance(inner, Num):
        b.env[_HERE] = inner if default else Maybe(b.const(1), inner)
    b.jump(after)
    b.enter(missing)
    if isinstance(inner, Num):
        b.env[_HERE] = default or Maybe(b.const(0), Num(b.const(0), inner.signed))
    b.jump(after)
    b.enter(after)
    return b.env.pop(_HERE) if isinstance(inner, Num) else Maybe(pointer, inner)


def update(
    b: Builder, declaration: MapDeclaration, name: str, key: Val, value: Val, at: Span | None = None
) -> Value:
    """Store a value, which stands `at`; the result is 0 if it was stored."""
    key_pointer = key_in_memory(b, declaration, name, key)
    b.span = at or b.span
    pointer = in_memory(b, declaration.types[-1], value, f"value of {name!r}")
    return b.call("map_update_elem", b.map(name), key_pointer, pointer, b.const(BPF_ANY))


def delete(b: Builder, declaration: MapDeclaration, name: str, key: Val) -> Value:
    """Remove a key; the result is 0 if it was there."""
    pointer = key_in_memory(b, declaration, name, key)
    return b.call("map_delete_elem", b.map(name), pointer)


def store_existing(
    b: Builder, declaration: MapDeclaration, name: str, key: Val, value: Num, at: Span
) -> None:
    """Assign to an entry of an array what stands `at`; beyond its end nothing changes."""
    kind = declaration.types[-1]
    assert isinstance(kind, IntType)
    _, pointer = lookup(b, declaration, name, key)
    b.span = at
    check_constant(b, f"value of {name!r}", kind, value)
    found, after = b.join(), b.join()
    b.branch(pointer, found, after)
    b.enter(found)
    store_int(b, pointer, 0, kind, value.value)
    b.jump(after)
    b.enter(after)


def entry(b: Builder, declaration: MapDeclaration, name: str, key: Val) -> Value:
    """A pointer to an integer of the map, or null; a hash inserts 0 first where the key is new."""
    key_pointer, pointer = lookup(b, declaration, name, key)
    if declaration.type in ARRAYS:
        return pointer
    return _inserted(b, declaration, name, key_pointer, pointer)


def _inserted(
    b: Builder, declaration: MapDeclaration, name: str, key: Value, pointer: Value
) -> Value:
    """The pointer that a lookup gave, or after inserting 0 gives; null if the map is full."""
    missing, after = b.join(), b.join()
    b.env[_HERE] = Num(pointer)
    b.branch(pointer, after, missing)
    b.enter(missing)
    zero = in_memory(b, declaration.types[-1], Num(b.const(0)), "value")
    b.call("map_update_elem", b.map(name), key, zero, b.const(BPF_NOEXIST))
    b.env[_HERE] = Num(b.call("map_lookup_elem", b.map(name), key))
    b.jump(after)
    b.enter(after)
    (found,) = parts(b.env.pop(_HERE))
    return found
