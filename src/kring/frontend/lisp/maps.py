"""Maps: `defmap`, and what programs do with keys and values.

Low-level forms take scalars, which go through the stack, or pointers as they are (`…-ptr`).
`getmap` and its like know the map's sizes: a key of more than 8 bytes is a pointer to it, and so is
a value that no number holds.
"""

from __future__ import annotations

from kring.abi.uapi import BPF_ANY, MapType
from kring.decl.maps import INDEX, SMALLEST_RING, PlainMap, ValueType, value_size
from kring.decl.types import ArrayType, IntType
from kring.frontend.diagnose import refuse
from kring.frontend.lisp.expressions import FORMS, give, optional, taken, value
from kring.frontend.lisp.forms import Operand, Symbol, lisp_name, operands, show
from kring.frontend.lisp.memory import (
    ADDRESSES,
    READABLE,
    as_number,
    described,
    nowhere,
    pointer,
)
from kring.frontend.lisp.scope import Place, Rule, Scope
from kring.frontend.lisp.toplevel import TOPLEVEL
from kring.frontend.lisp.unit import Unit, options
from kring.ir.core import Mem, Op, Space, Span, Type, Value
from kring.record import record
from kring.spelling import c_name, suggestion

_TYPES = {lisp_name(kind.name): kind for kind in MapType if kind is not MapType.STRUCT_OPS}
_STREAMS = frozenset({MapType.RINGBUF, MapType.PERF_EVENT_ARRAY, MapType.USER_RINGBUF})
_KEYLESS = frozenset({MapType.QUEUE, MapType.STACK, MapType.BLOOM_FILTER})
_SIZELESS = frozenset(
    {
        MapType.PERF_EVENT_ARRAY,
        MapType.SK_STORAGE,
        MapType.INODE_STORAGE,
        MapType.TASK_STORAGE,
        MapType.CGRP_STORAGE,
    }
)
"""Kinds that have as many entries as there are CPUs, or things to hold them."""
BPF_F_NO_PREALLOC = 1
_NO_LOOKUP = frozenset(
    {MapType.RINGBUF, MapType.PROG_ARRAY, MapType.PERF_EVENT_ARRAY, MapType.USER_RINGBUF}
)
"""Kinds whose values programs cannot look at."""
_SOCKETS = frozenset({MapType.SOCKMAP, MapType.SOCKHASH})
"""Kinds in which a lookup finds a socket of the kernel's, and no memory."""
_INDEXED = frozenset(
    {
        MapType.ARRAY,
        MapType.PERCPU_ARRAY,
        MapType.PROG_ARRAY,
        MapType.CGROUP_ARRAY,
        MapType.STACK_TRACE,
        MapType.ARRAY_OF_MAPS,
        MapType.DEVMAP,
        MapType.CPUMAP,
        MapType.XSKMAP,
        MapType.SOCKMAP,
    }
)
"""Kinds whose keys are numbers of 4 bytes."""
_ARRAYS = frozenset({MapType.ARRAY, MapType.PERCPU_ARRAY})
"""Kinds whose entries are all there."""
_OPTIONS = (
    ":type", ":key-size", ":value-size", ":key-type", ":value-type", ":max-entries", ":map-flags",
    ":count-drops",
)  # fmt: skip


def defmap(unit: Unit, args: list[Operand], span: Span) -> None:
    """A map by its kind and sizes."""
    name, *rest = args
    spelled = unit.new_name(name, "map", unit.maps)
    given = options(rest, _OPTIONS)
    kind = _kind(given, span)
    entries = _entries(unit, given, kind, span)
    flags = unit.integer(given[":map-flags"], ":map-flags") if ":map-flags" in given else 0
    if kind is MapType.LPM_TRIE:
        flags |= BPF_F_NO_PREALLOC
    counted = ":count-drops" in given and given[":count-drops"].form is not None
    if kind in _STREAMS:
        number = INDEX if kind is MapType.PERF_EVENT_ARRAY else None
        usual = (0, 4) if number else (0,)
        sized = {name for name, arg in given.items() if arg.form not in usual}
        ignored = sorted({":key-size", ":value-size", ":value-type", ":key-type"} & sized)
        if ignored:
            are = "is" if len(ignored) == 1 else "are"
            said = f"{' and '.join(ignored)} of {spelled} {are} ignored: it carries records"
            unit.note(span, said)
        declared = PlainMap(kind, number, number, entries, flags, counted)
    else:
        if counted:
            refuse(given[":count-drops"].span, "only streams of records have drops to be counted")
        key = None if kind in _KEYLESS else _part(unit, given, "key", kind, span)
        declared = PlainMap(kind, key, _part(unit, given, "value", kind, span), entries, flags)
    unit.maps[spelled] = c_name(spelled), declared


def _kind(given: dict[str, Operand], span: Span) -> MapType:
    every = [f":{name}" for name in _TYPES]
    if ":type" not in given:
        refuse(span, "a map has a type", f"write `:type :hash`; there are: {' '.join(every)}")
    form = given[":type"].form
    word = form.name.removeprefix(":") if isinstance(form, Symbol) else ""
    if word not in _TYPES:
        hint = suggestion(f":{word}", every, quote="") or f" There are: {' '.join(every)}"
        refuse(given[":type"].span, f"{show(form)} is no type of map.{hint}")
    return _TYPES[word]


def _entries(unit: Unit, given: dict[str, Operand], kind: MapType, span: Span) -> int:
    if ":max-entries" not in given:
        if kind in _SIZELESS:
            return 0
        refuse(span, "a map has a size", "write `:max-entries N`; of a ring, its bytes")
    arg = given[":max-entries"]
    entries = unit.integer(arg, ":max-entries")
    if kind is MapType.RINGBUF and (entries < SMALLEST_RING or entries & (entries - 1)):
        valid = max(SMALLEST_RING, 1 << max(entries - 1, 0).bit_length())
        refuse(arg.span, f"a ring's bytes are a power of two of at least {SMALLEST_RING}",
               f"the next that is one is {valid}")  # fmt: skip
    if not (0 if kind in _SIZELESS else 1) <= entries < 1 << 32:
        refuse(arg.span, f"a map of {entries} entries")
    return entries


def _part(
    unit: Unit, given: dict[str, Operand], what: str, kind: MapType, span: Span
) -> ValueType | ArrayType:
    """The type of keys or of values: a struct, or a number or plain bytes of some size."""
    by_type, by_size = given.get(f":{what}-type"), given.get(f":{what}-size")
    if by_type is not None:
        parts = operands(by_type.form, by_type.span)
        quoted = len(parts) == 2 and isinstance(parts[0].form, Symbol)
        return unit.struct(parts[1] if quoted else by_type)
    size = unit.integer(by_size, f":{what}-size") if by_size else 0
    if size <= 0:
        refuse(by_size.span if by_size else span, f"a map of this type has {what}s of some bytes",
               f"write `:{what}-size N`")  # fmt: skip
    if by_size and what == "key" and kind in _INDEXED and size != INDEX.size:
        spelled = lisp_name(kind.name)
        refuse(by_size.span, f"the keys of a map of type :{spelled} have 4 bytes, not {size}")
    return IntType(size) if size in (1, 2, 4, 8) else ArrayType(IntType(1), size)


# Keys and values in memory


def held(
    s: Scope, kind: ValueType | ArrayType, found: Value, arg: Operand | None, what: str
) -> Value:
    size, space = value_size(kind), found.type.space
    if space in READABLE - {Space.CTX} and (space not in ADDRESSES or size > 8):
        return found
    if s.b.block is None:
        return nowhere(s)
    if (found.type.space is not None and found.type.space not in ADDRESSES) or size > 8:
        given = show(arg.form) if arg else "what is stored"
        refuse(
            arg.span if arg else s.b.span,
            f"the {what} is {size} bytes; {given} is {described(found)}",
            "give a pointer to it, as of `(make-NAME)`" if size > 8 else "give a number",
        )
    if size < 8:
        found = as_number(s, found)
    slot = s.b.stack(8)
    s.b.store(slot, Mem(0, size if size in (1, 2, 4, 8) else 8), found)
    return slot


@record
class _Entry:
    """A key of a map, evaluated."""

    declared: PlainMap
    name: str
    key: Value


def _entry(s: Scope, args: list[Operand]) -> _Entry:
    """The entry of a map and a key, which is a number or a pointer to what no number holds."""
    declared, name = _map(s, args[0])
    assert declared.key is not None
    return _Entry(
        declared, name, held(s, declared.key, value(s, args[1]), args[1], f"key of {name}")
    )


def _entry_at(s: Scope, args: list[Operand]) -> _Entry:
    """The entry of a map and a pointer to a key."""
    return _Entry(*_map(s, args[0]), pointer(s, args[1]))


def _map(s: Scope, arg: Operand) -> tuple[PlainMap, str]:
    """A map that has keys to be looked up."""
    declared, name = s.map(arg)
    if declared.type in _NO_LOOKUP or declared.key is None:
        spelled = lisp_name(declared.type.name)
        refuse(arg.span, f"nothing is looked up in a map of type :{spelled}")
    return declared, name


# What is done with an entry


def _lookup(s: Scope, entry: _Entry) -> Value:
    """The pointer that a lookup gives: to a value, or to a socket, which is to be given back."""
    table = s.b.map(entry.name)
    if entry.declared.type not in _SOCKETS:
        return s.b.call("map_lookup_elem", table, entry.key)
    from kring.frontend.lisp.helpers import held_socket

    kind = Type(Space.BTF, nullable=True)
    found = s.b.emit(Op.CALL, table, entry.key, imm="map_lookup_elem", type=kind)
    s.tags[found] = "bpf_sock"
    return held_socket(s, found, f"a lookup in {entry.name}", "sk-release")


def _delete(s: Scope, entry: _Entry) -> Value:
    return s.b.call("map_delete_elem", s.b.map(entry.name), entry.key)


_SOCKET = "find one with `(map-lookup map key)`, and give it back: `(sk-release socket)`"


def _read(s: Scope, entry: _Entry) -> Value:
    """The number found, or 0; of a map of structs, the pointer found, or null."""
    b, kind = s.b, entry.declared.value
    if entry.declared.type in _SOCKETS:
        refuse(b.span, f"{entry.name} holds sockets, and no numbers", _SOCKET)
    found = b.call("map_lookup_elem", b.map(entry.name), entry.key)
    if not isinstance(kind, IntType):
        if isinstance(kind, type):
            s.structs[found] = kind
        return found
    there, missing, after = b.join(), b.join(), b.join()
    b.branch(found, there, missing)
    b.enter(there)
    give(s, b.load(found, Mem(0, kind.size)), after)
    b.enter(missing)
    give(s, b.const(0), after)
    return taken(s, after)


def _write(s: Scope, entry: _Entry, new: Value, arg: Operand | None, flags: Value) -> Value:
    assert entry.declared.value is not None
    stored = held(s, entry.declared.value, new, arg, f"value of {entry.name}")
    return s.b.call("map_update_elem", s.b.map(entry.name), entry.key, stored, flags)


def _add(s: Scope, entry: _Entry, more: Value, arg: Operand) -> Value:
    """Add to a number of the map, atomically where the kernel can; a new key gets the sum."""
    b, kind = s.b, entry.declared.value
    if not isinstance(kind, IntType):
        refuse(arg.span, f"the values of {entry.name} are no numbers", "add to a field of one")
    found = b.call("map_lookup_elem", b.map(entry.name), entry.key)
    there, missing, after = b.join(), b.join(), b.join()
    b.branch(found, there, missing)
    b.enter(there)
    if kind.size in (4, 8):
        b.emit(Op.ATOMIC_ADD, found, more, imm=Mem(0, kind.size))
    else:
        b.store(found, Mem(0, kind.size), b.emit(Op.ADD, b.load(found, Mem(0, kind.size)), more))
    b.jump(after)
    b.enter(missing)
    if b.block is not None and entry.declared.type not in _ARRAYS:
        _write(s, entry, more, arg, b.const(BPF_ANY))
    b.jump(after)
    b.enter(after)
    return b.const(0)


def _place(s: Scope, args: list[Operand]) -> Place:
    entry = _entry(s, args)
    return Place(
        lambda: _read(s, entry),
        lambda new: void(_write(s, entry, new, None, s.b.const(BPF_ANY))),
        lambda more: _add(s, entry, more, args[0]),
    )


def void(_: Value) -> None:
    """A value that nobody asks for."""


def _update(s: Scope, args: list[Operand]) -> Value:
    entry = _entry(s, args)
    new, flags = value(s, args[2]), optional(s, args[3:], BPF_ANY)
    return _write(s, entry, new, args[2], flags)


def _update_at(s: Scope, args: list[Operand]) -> Value:
    entry = _entry_at(s, args)
    new, flags = pointer(s, args[2]), optional(s, args[3:], BPF_ANY)
    return s.b.call("map_update_elem", s.b.map(entry.name), entry.key, new, flags)


def _increase(s: Scope, args: list[Operand]) -> Value:
    entry = _entry(s, args)
    return _add(s, entry, optional(s, args[2:], 1), args[0])


_DELETE = Rule("map key", lambda s, args: _delete(s, _entry(s, args)))
_UPDATE = Rule("map key value [flags]", _update)

FORMS.update(
    {
        "map-lookup": Rule("map key", lambda s, args: _lookup(s, _entry(s, args))),
        "map-update": _UPDATE,
        "map-delete": _DELETE,
        "map-lookup-ptr": Rule("map key-pointer", lambda s, args: _lookup(s, _entry_at(s, args))),
        "map-update-ptr": Rule("map key-pointer value-pointer [flags]", _update_at),
        "map-delete-ptr": Rule("map key-pointer", lambda s, args: _delete(s, _entry_at(s, args))),
        "getmap": Rule("map key", lambda s, args: _read(s, _entry(s, args)), _place),
        "setmap": _UPDATE,
        "incf-map": Rule("map key [n]", _increase),
        "remmap": _DELETE,
        "delmap": _DELETE,
    }
)
TOPLEVEL["defmap"] = ("NAME option…", defmap)
