"""What an expression of a program stands for while it is compiled.

Most values are a shape, known now, around IR values, known when the program runs. Where two paths
meet, shapes must agree and the IR values become block parameters: `parts` and `with_parts` take a
value apart and put it together again.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, TypeAlias

from kring.decl.kernel import KernelStruct
from kring.decl.maps import PlainMap, Stream
from kring.decl.struct import Struct
from kring.decl.types import ArrayType, Elements, IntType
from kring.ir.core import Core, Span, Value
from kring.record import record, replace
from kring.spelling import article


@record
class Static:
    """A Python object known at compile time that is not an integer."""

    object: object


@record
class Num:
    """A 64-bit integer, read as signed or not; `written` if it stands in the source as it is, or
    made of such by operators, so that a place too small for it is a mistake."""

    value: Value
    signed: bool = True
    written: bool = False


@record
class Ref:
    """A struct in memory, `offset` bytes after a pointer; `shared` if others may write it too.

    `copied` says of what it is a copy that must not be written. `at` is, in a packet that may be
    moved, how far into it the pointer leads.
    """

    pointer: Value
    struct: type[Struct]
    offset: int = 0
    shared: bool = False
    copied: str = ""
    at: Value | None = None


@record
class Items:
    """An array in memory; the rest is what the struct it is in has."""

    pointer: Value
    type: ArrayType
    offset: int = 0
    shared: bool = False
    copied: str = ""
    at: Value | None = None


@record
class Record:
    """A reserved record; `token` is one reservation, which must end exactly once."""

    ref: Ref
    token: Token


@record(eq=False)
class Token:
    """One reservation of a stream, at `span`; its texts name it in error messages."""

    span: Span
    stream: str
    declaration: Stream[Any] | PlainMap
    there: ClassVar[str] = "it is not None"
    loose: ClassVar[bool] = False
    """Whether paths that hold it may meet paths that do not, and nothing more is known of it."""

    def text(self, where: str = "") -> str:
        """`the record reserved from 'events'`, with `where` that was."""
        return f"the record reserved{where} from {self.stream!r}"

    @property
    def end(self) -> str:
        """What ends it."""
        return f"call {self.stream}.submit(…) or {self.stream}.discard(…)"


@record(eq=False)
class Lease(Token):
    """An object that the function `stream` gave, until `release` gives it back; `give_back`
    builds that call."""

    release: str
    give_back: Callable[[Value], object]

    def text(self, where: str = "") -> str:
        return f"what {self.stream}() gave{where}"

    @property
    def end(self) -> str:
        return f"call {self.release}(…)"


@record(eq=False)
class Lock(Token):
    """A lock that is held, at the place `stream`."""

    def text(self, where: str = "") -> str:
        return f"the lock {self.stream} taken{where}"

    @property
    def end(self) -> str:
        return "leave its block"


@record
class Maybe:
    """`inner`, or None where `present` is 0. `whole` is what it was before a comparison with None
    split it, if paths that parted there have met in it."""

    present: Value
    inner: Num | Ref | Record | KernelPtr
    whole: Maybe | None = None


@record
class Nothing:
    """None, where a comparison found that `origin` is; `zero` is a 0 known on that path.

    Where that path meets the one on which there was something, `origin` can be had again.
    """

    origin: Maybe
    zero: Value


@record
class KernelPtr:
    """A pointer to a kernel struct; with a `path`, to one that lies so far inside the `root` that
    the pointer itself leads to; with a `token`, to one that must be given back."""

    pointer: Value
    struct: type[KernelStruct]
    root: type[KernelStruct] | None = None
    path: tuple[str, ...] = ()
    token: Token | None = None


@record
class KernelArray:
    """An array in a kernel struct, `path` inside the `root` that a pointer leads to."""

    pointer: Value
    kind: ArrayType | Elements
    root: type[KernelStruct]
    path: tuple[str, ...]


@record
class Ctx:
    """The context, seen through `view`; None is a dynamic one."""

    pointer: Value
    view: type | None


@record
class Packet:
    """The packet that the context at `pointer` leads to."""

    pointer: Value


@record
class Text:
    """A string to be copied: `kind` says from where.

    `comm` of the current task; `kernel`, `user` at an address of at most `size` bytes if not 0;
    `dynamic` `__data_loc` of the context, at `core`; `memory` of a field of a struct, `raw` if
    something may stand behind its NUL even on the stack; `literal` of the program itself.
    """

    kind: str
    address: Value | None = None
    size: int = 0
    core: Core | None = None
    literal: str = ""


@record
class Unbound:
    """A variable that has no value on some path to here."""


@record
class Gone:
    """A record after its block, or after it was submitted or discarded at `span`; or a header of
    a packet that lies elsewhere since."""

    span: Span
    how: str
    what: str = "record"


@record
class Poison:
    """What a statement that was refused would have bound: nothing about it is reported again."""


@record
class Mixed:
    """A variable that holds different kinds of value on different paths; `plain` if these are
    numbers and pointers, which a loop may carry round as long as nobody uses it."""

    one: str
    other: str
    plain: bool = False


Val: TypeAlias = (
    Static | Num | Ref | Items | Record | Maybe | Nothing | KernelPtr | KernelArray | Ctx | Packet
    | Text | Unbound | Gone | Mixed | Poison
)  # fmt: skip


def as_struct(val: Val) -> Val:
    """A reserved record as the struct in its memory, anything else as it is."""
    return val.ref if isinstance(val, Record) else val


def parts(val: Val) -> tuple[Value, ...]:
    """The IR values inside."""
    match val:
        case Num(value) | Text(_, Value() as value):
            return (value,)
        case Ref(pointer, at=Value() as at) | Items(pointer, at=Value() as at):
            return (pointer, at)
        case Ref(pointer) | Items(pointer) | KernelPtr(pointer) | KernelArray(pointer):
            return (pointer,)
        case Ctx(pointer) | Packet(pointer):
            return (pointer,)
        case Record(ref):
            return parts(ref)
        case Maybe(present, inner):
            return (present, *parts(inner))
        case _:
            return ()


def with_parts(val: Val, values: tuple[Value, ...]) -> Val:
    """The same shape around other IR values."""
    match val:
        case Num():
            return replace(val, value=values[0])
        case Text(_, Value()):
            return replace(val, address=values[0])
        case Ref(at=Value()) | Items(at=Value()):
            return replace(val, pointer=values[0], at=values[1])
        case Ref() | Items() | KernelPtr() | KernelArray() | Ctx() | Packet():
            return replace(val, pointer=values[0])
        case Record(ref):
            return replace(val, ref=replace(ref, pointer=values[0]))
        case Maybe(_, inner):
            return Maybe(values[0], with_parts(inner, values[1:]))  # type: ignore[arg-type]
        case _:
            return val


def distinct(val: Val) -> list[Value]:
    """The IR values inside, a pointer that may be null once: it says whether something is there and
    where, so that comparing the one must be comparing the other."""
    found: list[Value] = []
    for value in parts(val):
        if value not in found or not value.type.nullable:
            found.append(value)
    return found


def whole(val: Nothing | Maybe) -> Maybe:
    """What it was before a comparison with None."""
    return val.origin if isinstance(val, Nothing) else val.whole or val


def moves(val: Val) -> bool:
    """Whether the value's address is another after the packet it lies in was moved."""
    ref = val.inner if isinstance(val, Maybe) else val
    return isinstance(ref, Ref) and ref.at is not None


def unify(one: Val, other: Val) -> Val:
    """The shape that serves for both, with the parts of `one`; `Mixed` if there is none."""
    if isinstance(one, Poison) or isinstance(other, Poison):
        return Poison()
    if isinstance(one, Unbound) or isinstance(other, Unbound):
        return Unbound()
    if isinstance(one, Gone) or isinstance(other, Gone):
        return one if isinstance(one, Gone) else other
    for val in (one, other):
        if isinstance(val, Mixed) and val.plain:
            return val
    if isinstance(one, Num) and isinstance(other, Num):
        return Num(one.value, one.signed and other.signed)
    if _shape(one) == _shape(other):
        if [value.type.space for value in parts(one)] != [v.type.space for v in parts(other)]:
            return Mixed(describe(one), f"{describe(other)} of another origin")
        return one
    return Mixed(describe(one), describe(other))


def _shape(val: Val) -> Val:
    hole = tuple(_HOLE for _ in parts(val))
    return with_parts(val, hole)  # type: ignore[arg-type]


_HOLE = object()


def describe(val: Val) -> str:
    """What the value is, in the words of an error message."""
    match val:
        case Static(object=None) | Nothing():
            return "None"
        case Static(object=thing) if thing is object:
            return "an argument declared `object`, which is not to be used"
        case Static(object=bytes()):
            return "bytes"
        case Static(object=thing):
            return f"a {type(thing).__name__}"
        case Num(_, signed):
            return "an integer" if signed else "an unsigned 64-bit integer"
        case Ref(_, struct) | KernelPtr(_, struct):
            return article(struct.__name__)
        case KernelArray(_, kind):
            return f"an array of {kind.count}"
        case Items(_, ArrayType(element, count)):
            name = element.name if isinstance(element, IntType) else element.__name__
            return f"an array of {count} {name}"
        case Record(ref):
            return f"a reserved {ref.struct.__name__}"
        case Maybe(_, inner):
            return f"{describe(inner)} or None"
        case Ctx():
            return "the context"
        case Packet():
            return "the packet"
        case Text("literal", literal=literal):
            return f"the string {literal!r}"
        case Text():
            return "a string"
        case Unbound() | Poison():
            return "nothing"
        case Gone(_, how, what):
            return f"a {what} that was {how}"
        case Mixed(one, other):
            return f"{one} or {other}"
