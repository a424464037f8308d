"""The Lisp's meaning, in Python's own integers: the oracle of its tests.

`Machine(text)` reads a file, and `run` runs a program of it on a packet: its maps are in `maps`
afterwards. Nothing here is kring's: it has its own reader, its own macros and its own memory. A
number is an int from 0 to 2^64 - 1, a pointer is some memory and a place in it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import reduce
from itertools import chain
from typing import Any

MASK = (1 << 64) - 1
SIZES = {f"{sign}{8 * size}": size for size in (1, 2, 4, 8) for sign in "ui"}
ENOENT, E2BIG, EEXIST, EINVAL = (-number & MASK for number in (2, 7, 17, 22))
NAMED = {"xdp_aborted": 0, "xdp_drop": 1, "xdp_pass": 2, "xdp_tx": 3, "xdp_redirect": 4,
         "bpf_any": 0, "bpf_noexist": 1, "bpf_exist": 2, "null": 0, "nil": 0}  # fmt: skip


class Text(str):
    """A string, where a plain `str` is a symbol."""


class Leave(Exception):
    """A `return` on its way out, with what it gives."""


# Reading

_TOKEN = re.compile(
    r"""\s+ | ;[^\n]* | \#\|.*?\|\# | (,@|\#'|[()'`,]) | ("(?:\\.|[^"\\])*") | ([^\s()'`,";]+)""",
    re.DOTALL | re.VERBOSE,
)
_QUOTES = {"'": "quote", "`": "quasiquote", ",": "unquote", ",@": "splice", "#'": "function"}
_BASES = {"#x": 16, "#b": 2, "#o": 8}


def read(text: str) -> list[Any]:
    """The forms of a text: lists, numbers, symbols in lower case."""
    tokens = (match for match in _TOKEN.finditer(text) if match.lastindex)
    forms: list[Any] = []
    while (token := next(tokens, None)) is not None:
        forms.append(_form(token, tokens))
    return forms


def _form(token: re.Match[str], tokens: Iterator[re.Match[str]]) -> Any:
    word = token.group()
    if word == "(":
        made: list[Any] = []
        while (inner := next(tokens)).group() != ")":
            made.append(_form(inner, tokens))
        return made
    if word in _QUOTES:
        return [_QUOTES[word], _form(next(tokens), tokens)]
    return Text(word[1:-1]) if word[0] == '"' else _atom(word.lower())


def _atom(word: str) -> Any:
    if word[:2] in _BASES:
        return int(word[2:], _BASES[word[:2]])
    if re.fullmatch(r"[+-]?\d+", word):
        return int(word)
    return [] if word == "nil" else word


# Memory


@dataclass(frozen=True)
class Pointer:
    """A place in memory."""

    memory: bytearray
    at: int = 0

    def load(self, offset: int, size: int) -> int:
        start = self.at + offset
        assert 0 <= start <= len(self.memory) - size, "read outside"
        return int.from_bytes(self.memory[start : start + size], "little")

    def store(self, offset: int, size: int, value: int) -> None:
        start = self.at + offset
        assert 0 <= start <= len(self.memory) - size, "written outside"
        self.memory[start : start + size] = (value & ((1 << 8 * size) - 1)).to_bytes(size, "little")

    def bytes(self, size: int) -> bytes:
        assert 0 <= self.at <= len(self.memory) - size, "read outside"
        return bytes(self.memory[self.at : self.at + size])


@dataclass(frozen=True)
class Variable:
    """The memory of a variable whose address was taken."""

    memory: bytearray

    def pointer(self) -> Pointer:
        return Pointer(self.memory)


def held(cell: list[Any]) -> Any:
    """What a variable is worth."""
    value = cell[0]
    return value.pointer().load(0, 8) if isinstance(value, Variable) else value


def keep(cell: list[Any], new: Any) -> None:
    """Set a variable."""
    if isinstance(cell[0], Variable) and isinstance(new, int):
        cell[0].pointer().store(0, 8, new)
    else:
        cell[0] = new


@dataclass
class Map:
    type: str
    key_size: int
    value_size: int
    max_entries: int
    struct: str = ""
    entries: dict[bytes, bytearray] = field(default_factory=dict[bytes, bytearray])

    def __post_init__(self) -> None:
        if self.indexed:
            for index in range(self.max_entries):
                self.entries[index.to_bytes(4, "little")] = bytearray(self.value_size)

    @property
    def indexed(self) -> bool:
        return self.type in (":array", ":percpu-array")

    def update(self, key: bytes, value: bytes, flags: int) -> int:
        if flags == 1 and (key in self.entries or self.indexed):
            return E2BIG if key not in self.entries else EEXIST
        if key not in self.entries:
            if self.indexed or (flags != 2 and len(self.entries) == self.max_entries):
                return E2BIG
            if flags == 2:
                return ENOENT
            self.entries[key] = bytearray(value)
        self.entries[key][:] = value
        return 0

    def delete(self, key: bytes) -> int:
        if self.indexed:
            return EINVAL
        return ENOENT if self.entries.pop(key, None) is None else 0


# Numbers


def signed(value: int) -> int:
    return value - (1 << 64) if value >> 63 else value


def swapped(value: int, size: int) -> int:
    return int.from_bytes((value & ((1 << 8 * size) - 1)).to_bytes(size, "little"), "big")


OPERATORS: dict[str, Callable[[int, int], int]] = {
    "*": lambda a, b: a * b,
    "/": lambda a, b: a // b if b else 0,
    "mod": lambda a, b: a % b if b else a,
    "logand": lambda a, b: a & b,
    "logior": lambda a, b: a | b,
    "logxor": lambda a, b: a ^ b,
    "<<": lambda a, n: a << (n & 63),
    ">>": lambda a, n: a >> (n & 63),
    ">>>": lambda a, n: signed(a) >> (n & 63),
    "s<": lambda a, b: signed(a) < signed(b),
    "s<=": lambda a, b: signed(a) <= signed(b),
    "s>": lambda a, b: signed(a) > signed(b),
    "s>=": lambda a, b: signed(a) >= signed(b),
}
OPERATORS |= {
    "bit-and": OPERATORS["logand"],
    "bit-or": OPERATORS["logior"],
    "bit-xor": OPERATORS["logxor"],
    "ash-left": OPERATORS["<<"],
    "ash-right": OPERATORS[">>"],
    "ash-right-signed": OPERATORS[">>>"],
}
HOST: dict[str, Callable[[int, int], int]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "ash": lambda a, n: a << n if n >= 0 else a >> -n,
}
"""What definitions compute with, in numbers without an end."""
COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda a, b: a == b,
    "/=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}
UNARY: dict[str, Callable[[int], int]] = {
    "ntohs": lambda a: swapped(a, 2),
    "htons": lambda a: swapped(a, 2),
    "ntohl": lambda a: swapped(a, 4),
    "htonl": lambda a: swapped(a, 4),
    "ntohll": lambda a: swapped(a, 8),
    "htonll": lambda a: swapped(a, 8),
    "log2": lambda a: max(a.bit_length() - 1, 0),
    "not": lambda a: not a,
}
TYPES = {"ntohs": "u16", "htons": "u16", "ntohl": "u32", "htonl": "u32"}

Names = dict[str, list[Any]]
"""Variables: value and type, shared by all who see them."""


class Machine:
    """A file that was read, and the state of its maps."""

    def __init__(self, text: str) -> None:
        self.maps: dict[str, Map] = {}
        self.structs: dict[str, dict[str, tuple[int, int, int]]] = {}
        self.sizes: dict[str, int] = {}
        self.constants = dict(NAMED)
        self.macros: dict[str, tuple[list[Any], list[Any]]] = {}
        self.programs: dict[str, list[Any]] = {}
        self.packet = bytearray()
        self.reserved: list[tuple[str, Pointer]] = []
        self.submitted: set[int] = set()
        self.discarded: set[int] = set()
        for form in read(text):
            self.define(form)

    def run(self, name: str, packet: bytes = b"") -> int:
        """What the program leaves with, 32 bits of it; `packet` is how it left the packet."""
        self.packet = bytearray(packet)
        try:
            result = self.body(self.programs[name], {})
        except Leave as leave:
            result = leave.args[0]
        return result & 0xFFFF_FFFF

    # What a file defines

    def define(self, form: list[Any]) -> None:
        match form:
            case ["defmap", str(name), *options]:
                given = dict(zip(options[::2], map(self.constant, options[1::2]), strict=True))
                struct = given.get(":value-type", "")
                size = self.sizes[struct] if struct else given.get(":value-size", 0)
                self.maps[name] = Map(
                    given[":type"], given.get(":key-size", 0), size, given[":max-entries"], struct
                )
            case ["defstruct", str(name), *specs]:
                self.define_struct(name, specs)
            case ["defunion", str(name), *members]:
                self.sizes[name] = max(self.sizes[member] for member in members)
            case ["defconstant", str(name), value]:
                self.constants[name] = self.constant(value)
            case ["defmacro", str(name), list(parameters), *body]:
                self.macros[name] = parameters, body
            case ["defprog", str(name), _, *body]:
                self.programs[name] = body
            case ["in-package", *_]:
                pass
            case _:
                raise AssertionError(form)

    def constant(self, form: Any) -> Any:
        match form:
            case [str(op), *args]:
                values = [self.constant(arg) for arg in args]
                return reduce(HOST[op], values)
            case str():
                return self.constants.get(form, form)
            case _:
                return form

    def define_struct(self, name: str, specs: list[Any]) -> None:
        fields: dict[str, tuple[int, int, int]] = {}
        end, align = 0, 1
        for field_name, kind in specs:
            count = kind[2] if isinstance(kind, list) else 0
            size = SIZES[kind[1] if count else kind]
            start = -(-end // size) * size
            fields[field_name] = start, size, count
            end, align = start + size * max(count, 1), max(align, size)
        self.structs[name], self.sizes[name] = fields, -(-end // align) * align

    # Macros: templates, and lists of forms

    def expand(self, name: str, args: list[Any]) -> Any:
        parameters, body = self.macros[name]
        bound: dict[str, Any] = {}
        self.destructure(parameters, args, bound)
        return [self.template(form, bound) for form in body][-1]

    def destructure(self, parameters: list[Any], args: list[Any], bound: dict[str, Any]) -> None:
        rest = list(args)
        optional = False
        words = iter(parameters)
        for word in words:
            if word in ("&rest", "&body"):
                bound[next(words)] = rest
                return
            if word == "&optional":
                optional = True
            elif optional:
                name, default = word if isinstance(word, list) else (word, [])
                bound[name] = rest.pop(0) if rest else self.template(default, bound)
            elif isinstance(word, list):
                self.destructure(word, rest.pop(0), bound)
            else:
                bound[word] = rest.pop(0)
        assert not rest

    def template(self, form: Any, bound: dict[str, Any]) -> Any:
        """A form of the host, evaluated."""
        match form:
            case ["quasiquote", inner]:
                return self.filled(inner, bound)
            case ["quote", inner]:
                return inner
            case ["list", *args]:
                return [self.template(arg, bound) for arg in args]
            case ["mapcar", ["lambda", [str(name)], inner], items]:
                listed = self.template(items, bound)
                return [self.template(inner, {**bound, name: item}) for item in listed]
            case [("+" | "*") as op, one, other]:
                a, b = self.template(one, bound), self.template(other, bound)
                return a + b if op == "+" else a * b
            case str() if not isinstance(form, Text):
                return bound[form]
            case _:
                return form

    def filled(self, form: Any, bound: dict[str, Any]) -> Any:
        match form:
            case ["unquote", inner]:
                return self.template(inner, bound)
            case list():
                made: list[Any] = []
                for part in form:
                    if isinstance(part, list) and part[:1] == ["splice"]:
                        made += self.template(part[1], bound)
                    else:
                        made.append(self.filled(part, bound))
                return made
            case _:
                return form

    # Values

    def body(self, forms: list[Any], names: Names) -> Any:
        result: Any = 0
        for form in forms:
            result = self.value(form, names)
        return result

    def value(self, form: Any, names: Names) -> Any:
        match form:
            case int():
                return form & MASK
            case []:
                return 0
            case str():
                known = self.constants.get(form)
                return held(names[form]) if known is None else known & MASK
            case [str(name), *args]:
                if name in OPERATORS or name in COMPARISONS or name in UNARY:
                    return self.operated(name, [self.value(arg, names) for arg in args])
                rule = getattr(self, f"form_{_MANGLED.get(name, name).replace('-', '_')}", None)
                if rule is not None:
                    return rule(names, *args)
                if name in self.macros:
                    return self.value(self.expand(name, args), names)
                return self.accessor(name, args, names)
            case _:
                raise AssertionError(form)

    def operated(self, name: str, values: list[Any]) -> int:
        if name in UNARY:
            return int(UNARY[name](values[0])) & MASK
        if name in COMPARISONS:
            left, right = values
            if isinstance(left, Pointer) and isinstance(right, Pointer):
                assert left.memory is right.memory
                left, right = left.at, right.at
            return int(COMPARISONS[name](left, right))
        return reduce(lambda a, b: int(OPERATORS[name](a, b)) & MASK, values)

    def form_plus(self, names: Names, *args: Any) -> Any:
        return reduce(added, [self.value(arg, names) for arg in args])

    def form_minus(self, names: Names, *args: Any) -> Any:
        values = [self.value(arg, names) for arg in args]
        return reduce(subtracted, values) if values[1:] else -values[0] & MASK

    def form_ash(self, names: Names, operand: Any, count: int) -> int:
        value = self.value(operand, names)
        return value << count & MASK if count > 0 else value >> -count

    def form_cast(self, names: Names, kind: str, operand: Any) -> int:
        found = self.value(operand, names)
        return found if kind in ("u64", "i64") else found & ((1 << 8 * SIZES[kind]) - 1)

    # Control

    def form_progn(self, names: Names, *forms: Any) -> Any:
        return self.body(list(forms), names)

    def form_prog1(self, names: Names, *forms: Any) -> Any:
        result, *_ = [self.value(form, names) for form in forms]
        return result

    def form_prog2(self, names: Names, *forms: Any) -> Any:
        return [self.value(form, names) for form in forms][1]

    def form_if(self, names: Names, test: Any, then: Any, otherwise: Any = 0) -> Any:
        return self.value(then if self.value(test, names) else otherwise, names)

    def form_when(self, names: Names, test: Any, *forms: Any) -> Any:
        return self.body(list(forms), names) if self.value(test, names) else 0

    def form_unless(self, names: Names, test: Any, *forms: Any) -> Any:
        return 0 if self.value(test, names) else self.body(list(forms), names)

    def form_cond(self, names: Names, *clauses: Any) -> Any:
        for test, *forms in clauses:
            found = 1 if test == "t" else self.value(test, names)
            if found:
                return self.body(forms, names) if forms or test == "t" else found
        return 0

    def form_case(self, names: Names, key: Any, *clauses: Any) -> Any:
        sought = self.value(key, names)
        for match, *forms in clauses:
            if match in ("t", "otherwise") or any(
                self.value(one, names) == sought
                for one in (match if isinstance(match, list) else [match])
            ):
                return self.body(forms, names)
        return 0

    def form_and(self, names: Names, *args: Any) -> Any:
        result: Any = 1
        for arg in args:
            if not (result := self.value(arg, names)):
                return 0
        return result

    def form_or(self, names: Names, *args: Any) -> Any:
        result: Any = 0
        for arg in args:
            if result := self.value(arg, names):
                return result
        return result

    def form_return(self, names: Names, result: Any = 0) -> Any:
        raise Leave(self.value(result, names))

    def form_dotimes(self, names: Names, counter: list[Any], *forms: Any) -> int:
        name, rounds = counter
        for at in range(self.value(rounds, names)):
            self.body(list(forms), {**names, name: [at, "u64"]})
        return 0

    # Variables

    def binding(self, spec: list[Any], names: Names, declared: dict[str, str]) -> tuple[str, Any]:
        name, *rest = spec
        kind = declared.get(name, "")
        if isinstance(rest[0], str) and rest[0] in SIZES:
            kind = rest.pop(0)
        init = rest[0] if rest else 0
        value = self.value(init, names)
        if kind and (isinstance(init, int) or init in [*self.constants]):
            value &= (1 << 8 * SIZES[kind]) - 1
        return name, [value, kind or _inferred(init)]

    def form_let(self, names: Names, specs: list[Any], *forms: Any) -> Any:
        declared, body = _declarations(forms)
        made = dict(self.binding(spec, names, declared) for spec in specs)
        return self.body(body, {**names, **made})

    def form_let_star(self, names: Names, specs: list[Any], *forms: Any) -> Any:
        declared, body = _declarations(forms)
        for spec in specs:
            names = {**names, **dict([self.binding(spec, names, declared)])}
        return self.body(body, names)

    def form_when_let(self, names: Names, specs: list[Any], *forms: Any) -> Any:
        for spec in specs:
            name, made = self.binding(spec, names, {})
            if not made[0]:
                return 0
            names = {**names, name: made}
        return self.body(list(forms), names)

    def form_if_let(self, names: Names, spec: list[Any], then: Any, otherwise: Any = 0) -> Any:
        name, made = self.binding(spec, names, {})
        inner = {**names, name: made}
        return self.value(then if made[0] else otherwise, inner)

    # Places: how to read them and how to write them

    def place(self, form: Any, names: Names) -> tuple[Callable[[], Any], Callable[[Any], None]]:
        match form:
            case str():
                cell = names[form]
                return lambda: held(cell), lambda new: keep(cell, new)
            case ["getmap", str(name), key]:
                # what a pointer leads to is the key as it is when the map is asked
                map, at = self.maps[name], self.value(key, names)
                return (
                    lambda: self.looked_up(map, self.key(name, at)),
                    lambda new: void(map.update(self.key(name, at), self.stored(map, new), 0)),
                )
            case [str(name), *args] if name in self.macros:
                return self.place(self.expand(name, args), names)
            case [str(name), *args]:
                pointer, offset, size = self.found_field(name, args, names)
                return (
                    lambda: pointer.load(offset, size),
                    lambda new: pointer.store(offset, size, new),
                )
            case _:
                raise AssertionError(form)

    def form_setf(self, names: Names, *pairs: Any) -> Any:
        result: Any = 0
        for target, source in zip(pairs[::2], pairs[1::2], strict=True):
            _, write = self.place(target, names)
            result = self.value(source, names)
            write(result)
        return result

    def form_incf(self, names: Names, target: Any, more: Any = 1) -> Any:
        if isinstance(target, list) and target[0] == "getmap":
            return self.form_incf_map(names, *target[1:], more)
        read, write = self.place(target, names)
        result = added(read(), self.value(more, names))
        write(result)
        return result

    def form_decf(self, names: Names, target: Any, less: Any = 1) -> Any:
        read, write = self.place(target, names)
        result = subtracted(read(), self.value(less, names))
        write(result)
        return result

    # Memory

    def form_ctx(self, names: Names, name: str) -> Pointer:
        return Pointer(self.packet, {"data": 0, "data-end": len(self.packet)}[name])

    def form_load(self, names: Names, kind: str, pointer: Any, offset: Any = 0) -> int:
        base = self.value(pointer, names)
        return base.load(signed(self.value(offset, names)), SIZES[kind])

    def form_store(self, names: Names, kind: str, pointer: Any, offset: Any, new: Any) -> int:
        base, at = self.value(pointer, names), signed(self.value(offset, names))
        base.store(at, SIZES[kind], self.value(new, names))
        return 0

    def form_atomic_add(
        self, names: Names, pointer: Any, offset: Any, more: Any, kind: str = "u64"
    ) -> int:
        base, at = self.value(pointer, names), signed(self.value(offset, names))
        more = self.value(more, names)
        base.store(at, SIZES[kind], base.load(at, SIZES[kind]) + more)
        return 0

    def form_stack_addr(self, names: Names, name: str) -> Pointer:
        cell = names[name]
        if isinstance(cell[0], int):
            cell[0] = Variable(bytearray(cell[0].to_bytes(8, "little")))
        return cell[0].pointer() if isinstance(cell[0], Variable) else Pointer(bytearray(8))

    def form_struct_alloc(self, names: Names, size: Any) -> Pointer:
        return Pointer(bytearray(self.value(size, names)))

    def form_memset(self, names: Names, target: Any, start: Any, fill: Any, size: Any) -> int:
        base, at, fill, size = (self.value(arg, names) for arg in (target, start, fill, size))
        for byte in range(size):
            base.store(at + byte, 1, fill)
        return 0

    def form_memcpy(self, names: Names, *args: Any) -> int:
        target, to, source, start, size = (self.value(arg, names) for arg in args)
        for byte, new in enumerate([source.load(start + byte, 1) for byte in range(size)]):
            target.store(to + byte, 1, new)
        return 0

    # Records: what was reserved, in order, and whether it was submitted

    def form_with_ringbuf(self, names: Names, spec: list[Any], *forms: Any) -> int:
        name, stream, size, *_ = spec
        record = Pointer(bytearray(b"\xa5" * self.value(size, names)))
        self.reserved.append((stream, record))
        self.body(list(forms), {**names, name: [record, "u64"]})
        if id(record.memory) not in self.discarded:
            self.submitted.add(id(record.memory))
        return 0

    def form_ringbuf_discard(self, names: Names, record: Any, flags: Any = 0) -> int:
        self.discarded.add(id(self.value(record, names).memory))
        return 0

    def form_ringbuf_output(
        self, names: Names, stream: str, data: Any, size: Any, flags: Any = 0
    ) -> int:
        source, size = self.value(data, names), self.value(size, names)
        record = Pointer(bytearray(source.bytes(size)))
        self.reserved.append((stream, record))
        self.submitted.add(id(record.memory))
        return 0

    def records(self, stream: str) -> list[bytes]:
        """What came through a stream, in the order in which it was reserved."""
        return [
            bytes(record.memory)
            for name, record in self.reserved
            if name == stream and id(record.memory) in self.submitted
        ]

    # Structs

    def form_sizeof(self, names: Names, struct: str) -> int:
        return self.sizes[struct]

    def form_struct_ref(self, names: Names, struct: str, *rest: Any) -> int:
        base, field, *index = rest
        pointer, offset, size = self.found_field(f"{struct}-{field}", [base, *index], names)
        return pointer.load(offset, size)

    def form_struct_set(self, names: Names, struct: str, base: Any, field: str, new: Any) -> Any:
        pointer, offset, size = self.found_field(f"{struct}-{field}", [base], names)
        pointer.store(offset, size, result := self.value(new, names))
        return result

    def found_field(self, name: str, args: list[Any], names: Names) -> tuple[Pointer, int, int]:
        """Pointer, offset and size of what an accessor means."""
        struct = max((one for one in self.structs if name.startswith(f"{one}-")), key=len)
        offset, size, count = self.structs[struct][name[len(struct) + 1 :]]
        base, *index = [self.value(arg, names) for arg in args]
        assert len(index) == bool(count)
        if count:
            assert index[0] < count, "index outside"
            offset += index[0] * size
        return base, offset, size

    def accessor(self, name: str, args: list[Any], names: Names) -> Any:
        if name.startswith("make-"):
            return Pointer(bytearray(self.sizes[name[5:]]))
        if name.startswith("set-") and name.endswith("!"):
            pointer, offset, size = self.found_field(name[4:-1], args[:-1], names)
            pointer.store(offset, size, result := self.value(args[-1], names))
            return result
        if name.endswith("-ptr"):
            struct = max((one for one in self.structs if name.startswith(f"{one}-")), key=len)
            offset, _, _ = self.structs[struct][name[len(struct) + 1 : -4]]
            return added(self.value(args[0], names), offset)
        pointer, offset, size = self.found_field(name, args, names)
        return pointer.load(offset, size)

    # Maps

    def key(self, name: str, key: Any) -> bytes:
        size = self.maps[name].key_size
        if isinstance(key, Pointer):
            return key.bytes(size)
        return (key & ((1 << 8 * size) - 1)).to_bytes(size, "little")

    def stored(self, map: Map, value: Any) -> bytes:
        if isinstance(value, Pointer):
            return value.bytes(map.value_size)
        return (value & ((1 << 8 * map.value_size) - 1)).to_bytes(map.value_size, "little")

    def looked_up(self, map: Map, key: bytes) -> Any:
        found = map.entries.get(key)
        if found is None:
            return 0
        return Pointer(found) if map.struct else Pointer(found).load(0, map.value_size)

    def form_getmap(self, names: Names, name: str, key: Any) -> Any:
        return self.looked_up(self.maps[name], self.key(name, self.value(key, names)))

    def form_map_lookup(self, names: Names, name: str, key: Any) -> Any:
        found = self.maps[name].entries.get(self.key(name, self.value(key, names)))
        return 0 if found is None else Pointer(found)

    def form_map_update(self, names: Names, name: str, key: Any, new: Any, flags: Any = 0) -> int:
        key, new, flags = (self.value(arg, names) for arg in (key, new, flags))
        map = self.maps[name]
        return map.update(self.key(name, key), self.stored(map, new), flags)

    def form_map_delete(self, names: Names, name: str, key: Any) -> int:
        return self.maps[name].delete(self.key(name, self.value(key, names)))

    form_map_lookup_ptr, form_map_update_ptr = form_map_lookup, form_map_update
    form_setmap, form_map_delete_ptr = form_map_update, form_map_delete
    form_remmap = form_delmap = form_map_delete

    def form_incf_map(self, names: Names, name: str, key: Any, more: Any = 1) -> int:
        map, key = self.maps[name], self.value(key, names)
        more = self.value(more, names)
        found = map.entries.get(at := self.key(name, key))
        if found is None:
            map.update(at, self.stored(map, more), 0)
        else:
            place = Pointer(found)
            place.store(0, map.value_size, place.load(0, map.value_size) + more)
        return 0


_MANGLED = {"+": "plus", "-": "minus", "let*": "let_star"}


def void(_: object) -> None:
    """A value that nobody asks for."""


def added(left: Any, right: Any) -> Any:
    if isinstance(right, Pointer):
        left, right = right, left
    if isinstance(left, Pointer):
        return Pointer(left.memory, left.at + signed(right))
    return left + right & MASK


def subtracted(left: Any, right: Any) -> Any:
    if isinstance(left, Pointer) and isinstance(right, Pointer):
        return left.at - right.at & MASK
    if isinstance(left, Pointer):
        return Pointer(left.memory, left.at - signed(right))
    return left - right & MASK


def _inferred(init: Any) -> str:
    match init:
        case [("load" | "cast"), str(kind), *_]:
            return kind
        case [str(name), *_]:
            return TYPES.get(name, "u64")
        case _:
            return "u64"


def _declarations(forms: tuple[Any, ...]) -> tuple[dict[str, str], list[Any]]:
    body = list(forms)
    found: dict[str, str] = {}
    while body and isinstance(body[0], list) and body[0][:1] == ["declare"]:
        for spec in body.pop(0)[1:]:
            _, kind, *names = spec
            found |= dict(zip(names, chain([kind] * len(names)), strict=True))
    return found, body
