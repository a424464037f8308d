"""Maps inside programs: what `get`, `pop`, `set`, `in`, `del`, `[]` and `+=` build."""

from __future__ import annotations

from collections.abc import Callable

from kring.abi.uapi import BPF_ANY, BPF_F_SLEEPABLE, BPF_NOEXIST, MapType, ProgType
from kring.decl.locks import lock_of
from kring.decl.maps import MapDeclaration, ValueType, key_type, value_size
from kring.decl.programs import Program
from kring.decl.types import IntType
from kring.frontend.builder import Builder
from kring.frontend.diagnose import refuse
from kring.frontend.integers import known
from kring.frontend.memory import NO_COPY, check_constant, load_int, store_int
from kring.frontend.texts import copy_value, strings
from kring.frontend.values import KernelPtr, Maybe, Num, Ref, Val, as_struct, describe, parts
from kring.ir.core import Op, Space, Span, Value
from kring.spelling import article

ARRAYS = frozenset({MapType.ARRAY, MapType.PERCPU_ARRAY})
_HERE = "<found>"
"""A variable no source can name, for a value that several paths bring to one place."""


def in_memory(b: Builder, kind: ValueType, val: Val, what: str) -> Value:
    """A pointer to a key or value, in a stack slot of its own if it is not in memory yet."""
    val = as_struct(val)
    match kind, val:
        case IntType(), Num():
            check_constant(b, what, kind, val)
            slot = b.stack(8)
            store_int(b, slot, 0, kind, val.value)
            return slot
        case type() as struct, Ref() if val.struct is struct:
            if val.shared and lock_of(struct):
                refuse(b.span, *NO_COPY)
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
    assert kind is not None
    return exact(b, kind, key, f"key of {name!r}")


def exact(b: Builder, kind: ValueType, val: Val, what: str) -> Value:
    """A pointer to a value whose strings have nothing behind their NUL."""
    pointer = in_memory(b, kind, val, what)
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


def is_in(b: Builder, declaration: MapDeclaration, name: str, key: Val) -> Value:
    """Not 0 if the key is there; of a filter, if the value may have been added."""
    if declaration.type is not MapType.BLOOM_FILTER:
        return lookup(b, declaration, name, key)[1]
    pointer = exact(b, declaration.types[0], key, f"value of {name!r}")
    return b.emit(Op.EQ, b.call("map_peek_elem", b.map(name), pointer), b.const(0))


_USES = {
    "Table": "[key] [key]= += del in",
    "Slots": "[key] [key]= += in",
    "LpmTrie": "[key] [key]= del in",
    "Bloom": "in",
}
"""What kinds of maps can do besides their methods; of a class and its bases the first counts."""
_WRITTEN = {
    "[key]": "`{name}[key]`",
    "[key]=": "`{name}[key] = …`",
    "+=": "`{name}[key] += …`",
    "del": "`del {name}[key]`",
    "in": "`… in {name}`",
}
_INSTEAD = {
    "Slots": "the entries of an array always exist: assign 0 to one",
    "RingBuf": "send a record: `with {name}.reserve() as e:` or `{name}.output(…)`",
    "PerfBuf": "send a record: `with {name}.reserve() as e:` or `{name}.output(…)`",
    "LpmTrie": "change a field of what `{name}.get(key)` finds, or assign to it",
    "Queue": "it has `{name}.push(value)`, `{name}.pop()` and `{name}.peek()`",
    "Stack": "it has `{name}.push(value)`, `{name}.pop()` and `{name}.peek()`",
    "Bloom": "it has `{name}.add(value)` and `value in {name}`",
    "StackTraces": "it has `{name}.id()`; read the traces where you read the ids",
    "ProgArray": "it has `{name}.tail_call(i)`; put programs in where it is loaded",
}


def check_use(span: Span, declaration: MapDeclaration, name: str, use: str) -> None:
    """Refuse what the kind of map cannot do, with what it can."""
    bases = [base.__name__ for base in type(declaration).__mro__]
    can = next((_USES[base] for base in bases if base in _USES), "")
    if use not in can.split(" "):
        written = _WRITTEN[use].format(name=name)
        refuse(span, f"{a_kind(declaration)} has no {written}", *instead(declaration, name))


_NEVER_ASLEEP = frozenset(
    {
        MapType.LPM_TRIE,
        MapType.BLOOM_FILTER,
        MapType.STACK_TRACE,
        MapType.PROG_ARRAY,
        MapType.PERF_EVENT_ARRAY,
    }
)
"""See: kernel/bpf/verifier.c, check_map_prog_compatibility."""


_NEVER_LOCKING = frozenset(
    {
        ProgType.KPROBE,
        ProgType.TRACEPOINT,
        ProgType.PERF_EVENT,
        ProgType.RAW_TRACEPOINT,
        ProgType.RAW_TRACEPOINT_WRITABLE,
        ProgType.SOCKET_FILTER,
    }
)
"""Kinds of programs that get no map with locks in its values, by the same function."""


def check_program(span: Span, declaration: MapDeclaration, program: Program) -> None:
    """Refuse a map that the verifier does not give to programs of this kind."""
    if program.kind.type in _NEVER_LOCKING:
        for kind in declaration.types:
            if isinstance(kind, type) and lock_of(kind):
                refuse(
                    span,
                    f"the verifier lets no {program.kind.name} program use a map with locks",
                    "`+=` and the functions of `atomic` need none",
                )
    if declaration.type in _NEVER_ASLEEP and program.kind.flags & BPF_F_SLEEPABLE:
        refuse(
            span,
            f"{article(program.kind.name)} program may sleep, and the verifier does not let such "
            f"programs use {a_kind(declaration)}",
            "use it in a program of another kind",
        )


def a_kind(declaration: MapDeclaration) -> str:
    """The kind of map with its article, for an error message."""
    return article(type(declaration).__name__)


def instead(declaration: MapDeclaration, name: str) -> tuple[str, ...]:
    """What to write in place of what the kind of map does not have."""
    bases = [base.__name__ for base in type(declaration).__mro__]
    return tuple(_INSTEAD[base].format(name=name) for base in bases if base in _INSTEAD)[:1]


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
