"""Raw BTF as a lazy view: bytes in, types by id or name out.

The type section is an array without an index: where type n begins is known only after walking
the n-1 before it. So positions are learned as far as a question needs them and kept, and a type
is decoded when it is first asked for. A name is looked up by searching the bytes, at the speed
of a search for bytes: first for the string, then for records that hold its offset.
"""

from __future__ import annotations

import re
import sys
from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from struct import Struct
from typing import Any, Final

from kring.btf.decode import RecordWords, read_type
from kring.btf.types import (
    HEADER_SIZE,
    MAGIC,
    MAX_DEPTH,
    MODIFIERS,
    VOID,
    Array,
    Composite,
    DataSec,
    Enum,
    Float,
    Int,
    Kind,
    Modifier,
    Ptr,
    Type,
    Var,
)
from kring.errors import ObjectError

_FEW: Final = 4
"""Up to so many string offsets, one search for each is faster than looking at every type."""
_LONGEST_NAME: Final = 1024
"""Twice what the kernel allows (KSYM_NAME_LEN)."""


class Btf:
    """Types of one blob, and of `base` before them if it is split BTF (a kernel module's).

    Ids and string offsets of split BTF continue those of its base. `where` names the blob in
    errors. Pointers are taken to be 8 bytes. `split` is asked once for the blobs whose base this
    is, when somebody wants to know of them: the `modules` of a kernel.

    Raises: ObjectError, here and in every method, if the bytes break the format.
    """

    def __init__(
        self,
        data: bytes,
        base: Btf | None = None,
        where: str = "BTF",
        split: Callable[[Btf], Iterable[Btf]] | None = None,
    ) -> None:
        self.data: Final = data
        self.base: Final = base
        self.where: Final = where
        order, types, strings = _sections(data, base is not None, where)
        self._little: Final = order == "<"
        self._types: Final = types
        self._strings: Final = strings
        self._words: Final = _words(data, types, order)
        self.first_id: Final = len(base) if base else 1
        """The least id of the blob's own types."""
        self._first_string: Final = base.strings_size if base else 0
        self._starts: Final = array("I")
        self._next = 0
        self._lengths: Final = RecordWords()
        self._cache: Final[dict[int, Type]] = {}
        self._found: Final[dict[tuple[str, tuple[Kind, ...], bool], list[int]]] = {}
        self._named_at: Final[dict[str, list[int]]] = {}
        self._members: Final[dict[int, tuple[dict[str, int], list[int]]]] = {}
        self.made: Final[dict[str, Any]] = {}
        """What others have made of the types, to be kept as long as these."""
        self._split: Final = split
        self._modules: tuple[Btf, ...] | None = None

    @property
    def modules(self) -> tuple[Btf, ...]:
        """The blobs whose base this is."""
        if self._modules is None:
            self._modules = tuple(self._split(self)) if self._split else ()
        return self._modules

    @property
    def strings_size(self) -> int:
        """Bytes of strings, those of the base included."""
        return self._first_string + len(self._strings)

    @property
    def little_endian(self) -> bool:
        return self._little

    def __len__(self) -> int:
        """One more than the greatest id: void and the base's types count."""
        self._walk(len(self._words))
        return self.first_id + len(self._starts)

    def __bool__(self) -> bool:
        """Always true: whether there are types is asked often, and counting them takes long."""
        return True

    def __getitem__(self, id: int) -> Type:
        type = self._cache.get(id)
        if type is None:
            type = self._cache[id] = self._decode(id)
        return type

    def __iter__(self) -> Iterator[Type]:
        """Every type in order of ids, void first."""
        for id in range(len(self)):
            yield self[id]

    def string(self, offset: int, longest: int = 65_536) -> str:
        """The string at `offset`, which may be the tail of a longer one.

        `longest` bounds what bytes that repeat one long string can make of themselves.
        """
        if self.base and offset < self._first_string:
            return self.base.string(offset, longest)
        begin = self._strings.start + offset - self._first_string
        if not self._strings.start <= begin < self._strings.stop:
            raise ObjectError(
                f"{self.where}: string offset {offset} is outside the strings, "
                f"which end at {self.strings_size}"
            )
        end = self.data.find(b"\0", begin, begin + longest + 1)
        if end < 0:
            raise ObjectError(f"{self.where}: the string at {offset} is over {longest} bytes long")
        try:
            return self.data[begin:end].decode()
        except UnicodeDecodeError:
            raise ObjectError(f"{self.where}: the string at {offset} is not UTF-8") from None

    def name(self, id: int) -> str:
        """The name of a type, "" if it has none; members are not decoded for it."""
        if 0 < id < self.first_id and self.base:
            return self.base.name(id)
        return self.string(self._words[self._at(id)]) if id else ""

    def kind(self, id: int) -> Kind:
        if 0 < id < self.first_id and self.base:
            return self.base.kind(id)
        return Kind(self._words[self._at(id) + 1] >> 24 & 0x1F) if id else Kind.VOID

    def ids(self, kind: Kind) -> Iterator[int]:
        """The ids of the blob's own types of a kind, in order; nothing is decoded for it."""
        words = self._words
        self._walk(len(words))
        for id, at in enumerate(self._starts, self.first_id):
            if words[at + 1] >> 24 & 0x1F == kind:
                yield id

    def find(self, name: str, *kinds: Kind) -> int | None:
        """The id of a type called `name`, of one of `kinds` if any are given; the base's first."""
        return next(self._named(name, kinds), None)

    def section(self, name: str) -> DataSec | None:
        """What the types list of a section, None if they do not know it."""
        id = self.find(name, Kind.DATASEC)
        found = self[id] if id is not None else None
        return found if isinstance(found, DataSec) else None

    def find_all(self, name: str, *kinds: Kind, flavours: bool = False) -> list[int]:
        """All such ids in order, with `flavours` those called `name___anything` too."""
        question = (name, kinds, flavours)
        if question not in self._found:
            base = self.base.find_all(name, *kinds, flavours=flavours) if self.base else []
            offsets = set(self._offsets(name)) if name and "\0" not in name else set[int]()
            if flavours:
                offsets.update(self._beginning(f"{name}___"))
            self._found[question] = [*base, *self._at_any(offsets, kinds)]
        return self._found[question]

    def members(self, id: int) -> tuple[dict[str, int], list[int]]:
        """Indices of the members of a composite: by their names, and of those without one."""
        found = self._members.get(id)
        if found is None:
            found = self._members[id] = {}, []
            type = self[id]
            for index, member in enumerate(type.members if isinstance(type, Composite) else ()):
                if member.name:
                    found[0].setdefault(member.name, index)
                else:
                    found[1].append(index)
        return found

    def strip(self, id: int) -> int:
        """The id behind typedefs, qualifiers and type tags."""
        for _ in range(MAX_DEPTH):
            if self.kind(id) not in MODIFIERS:
                return id
            type = self[id]
            assert isinstance(type, Modifier)
            id = type.type
        raise ObjectError(f"{self.where}: more than {MAX_DEPTH} modifiers up to type {id}")

    def size(self, id: int) -> int:
        """Bytes that a value of this type takes.

        Raises: ObjectError for a type without size: void, a function, a forward declaration.
        """
        count, of = 1, id
        for _ in range(MAX_DEPTH):
            match self[of]:
                case Int() | Composite() | Enum() | Float() | DataSec() as type:
                    return count * type.size
                case Ptr():
                    return count * 8
                case Array() as type:
                    count, of = count * type.count, type.type
                case Modifier() | Var() as type:
                    of = type.type
                case _:  # void, functions, declarations and tags
                    name = f" {self.name(of)}" if self.name(of) else ""
                    raise ObjectError(f"{self.where}: {self.kind(of).name}{name} has no size")
        raise ObjectError(f"{self.where}: more than {MAX_DEPTH} types between {id} and its size")

    def _name(self, offset: int) -> str:
        return self.string(offset, _LONGEST_NAME) if offset else ""

    def _decode(self, id: int) -> Type:
        if id == 0:
            return VOID
        if 0 < id < self.first_id and self.base:
            return self.base[id]
        return read_type(self._words, self._at(id), self._name)

    def _at(self, id: int) -> int:
        """The word where the record of `id` begins."""
        index = id - self.first_id
        # a record is at least three words, so this never walks past the one asked for by much
        while (missing := index + 1 - len(self._starts)) > 0 and self._next < len(self._words):
            self._walk(self._next + 3 * missing)
        if not 0 <= index < len(self._starts):
            raise ObjectError(f"{self.where}: no type {id}; the last one is {len(self) - 1}")
        return self._starts[index]

    def _walk(self, stop: int) -> None:
        """Learn where the records begin that begin before word `stop`."""
        words, lengths, at = self._words, self._lengths, self._next
        append, stop = self._starts.append, min(stop, len(self._words))
        known, start = len(self._starts), at
        try:
            while at < stop:
                append(at)
                at += lengths[words[at + 1]]
            if at > len(words):
                raise IndexError
        except (IndexError, ObjectError) as error:
            id = self.first_id + len(self._starts) - 1
            why = "is cut off by the end of the types" if isinstance(error, IndexError) else error
            del self._starts[known:]
            self._next = start
            raise ObjectError(f"{self.where}: type {id}: {why}") from None
        self._next = at

    def _named(self, name: str, kinds: tuple[Kind, ...]) -> Iterator[int]:
        if not name or "\0" in name:
            return
        if self.base:
            yield from self.base._named(name, kinds)
        yield from self._at_any(set(self._offsets(name)), kinds)

    def _at_any(self, offsets: set[int], kinds: tuple[Kind, ...]) -> Iterator[int]:
        """The blob's own types whose name is at one of these offsets, in order of ids."""
        if len(offsets) == 1:
            yield from self._using(offsets.pop(), kinds)
        elif len(offsets) > _FEW:
            yield from self._among(offsets, kinds)
        else:
            yield from sorted(id for offset in offsets for id in self._using(offset, kinds))

    def _offsets(self, name: str) -> list[int]:
        """Where the strings say `name`, those of the base included, which split BTF shares.

        A writer that shares tails stores no whole string that is also a tail, and one that
        does not share has whole strings only; so tails count only where no string is whole.
        """
        found = self._named_at.get(name)
        if found is None:
            shift, text = self._first_string - self._strings.start, name.encode() + b"\0"
            whole = [at + 1 + shift for at in self._search(b"\0" + text, self._strings)]
            own = whole or [at + shift for at in self._search(text, self._strings)]
            found = self._named_at[name] = [*(self.base._offsets(name) if self.base else ()), *own]
        return found

    def _search(self, needle: bytes, within: range) -> Iterator[int]:
        at = self.data.find(needle, within.start, within.stop)
        while at >= 0:
            yield at
            at = self.data.find(needle, at + 1, within.stop)

    def _using(self, offset: int, kinds: tuple[Kind, ...]) -> Iterator[int]:
        """Types whose name is at this string offset, in order of ids."""
        pattern = _record_start(offset, kinds or tuple(Kind), self._little)
        at = self._types.start
        while hit := pattern.search(self.data, at, self._types.stop):
            word, rest = divmod(hit.start() - self._types.start, 4)
            at = hit.start() + 1
            if rest:
                continue
            self._walk(word + 1)
            index = bisect_left(self._starts, word)
            if index < len(self._starts) and self._starts[index] == word:
                yield self.first_id + index

    def _among(self, offsets: set[int], kinds: tuple[Kind, ...]) -> Iterator[int]:
        """Types whose name is at one of many string offsets, in order of ids."""
        words = self._words
        self._walk(len(words))
        for id, at in enumerate(self._starts, self.first_id):
            if words[at] in offsets and (not kinds or words[at + 1] >> 24 & 0x1F in kinds):
                yield id

    def strings_from(self, begin: str) -> Iterator[str]:
        """The strings that begin so, whatever they name."""
        return map(self.string, self._beginning(begin))

    def _beginning(self, begin: str) -> Iterator[int]:
        """Where strings that begin so are, those of the base included."""
        if self.base:
            yield from self.base._beginning(begin)
        for at in self._search(b"\0" + begin.encode(), self._strings):
            yield at + 1 - self._strings.start + self._first_string


def _record_start(offset: int, kinds: tuple[Kind, ...], little: bool) -> re.Pattern[bytes]:
    """What a record of one of the kinds begins with whose name is at a string offset.

    Most words that hold the offset name members and parameters, and a type id follows them; in
    a record the kind does. One search for both is faster than one for the offset alone.
    """
    name = re.escape(offset.to_bytes(4, "little" if little else "big"))
    first = bytes(kind | flag for kind in kinds if kind for flag in (0, 0x80))
    kind = b"[" + re.escape(first) + b"]" if first else b"(?!)"
    return re.compile(b"(?s:" + name + (b"..." if little else b"") + kind + b")")


def _sections(data: bytes, split: bool, where: str) -> tuple[str, range, range]:
    """Byte order, and where types and strings are in `data`, from a checked header."""
    if len(data) < HEADER_SIZE:
        raise ObjectError(f"{where}: {len(data)} bytes are too few for a header of {HEADER_SIZE}")
    order = "<" if data[0] == MAGIC & 0xFF else ">"
    magic, version, flags, header, types, types_size, strings, strings_size = Struct(
        f"{order}HBB5I"
    ).unpack_from(data)
    if magic != MAGIC:
        raise ObjectError(f"{where}: magic is {data[:2].hex()}, not 9feb; these bytes are not BTF")
    if version != 1 or flags or header < HEADER_SIZE:
        raise ObjectError(
            f"{where}: version {version}, flags {flags:#x}, header of {header} bytes; "
            f"only version 1 with flags 0 and at least {HEADER_SIZE} is known"
        )
    for what, at, size in (("types", types, types_size), ("strings", strings, strings_size)):
        if header + at + size > len(data):
            raise ObjectError(f"{where}: {what} end at byte {header + at + size} of {len(data)}")
    if types % 4 or types_size % 4:
        raise ObjectError(f"{where}: types at {types} of {types_size} bytes are not whole words")
    text = range(header + strings, header + strings + strings_size)
    if data[max(text.start, text.stop - 1) : text.stop] != b"\0" and (strings_size or not split):
        raise ObjectError(f"{where}: the strings do not end with NUL")
    if not split and data[text.start]:
        raise ObjectError(f"{where}: the first string is not the empty one")
    return order, range(header + types, header + types + types_size), text


def _words(data: bytes, where: range, order: str) -> memoryview:
    """The type section as u32 in this machine's byte order; a copy only if they differ."""
    view = memoryview(data)[where.start : where.stop].cast("I")
    if (order == "<") == (sys.byteorder == "little"):
        return view
    swapped = array("I", view)
    swapped.byteswap()
    return memoryview(swapped)
