"""Kernel structs in programs: from a typed pointer to what a field of it holds.

A pointer in `Space.BTF` is loaded through directly, and a load that faults gives 0. Any other
kernel address is read through a helper into the stack, which also gives 0 where it cannot be read.
Structs inside others cost nothing: the path to what is read in them is one fact of the target.
"""

from __future__ import annotations

from typing import Any

from kring.decl import structs
from kring.decl.kernel import (
    KernelEnum,
    KernelStruct,
    KernelUnion,
    ViewField,
    enumerators,
    view_field,
    view_names,
)
from kring.decl.partial import Used
from kring.decl.types import (
    ArrayType,
    Bits,
    Char,
    CString,
    Elements,
    Embedded,
    IntType,
    ViewType,
)
from kring.errors import DeclarationError
from kring.frontend.builder import Builder
from kring.frontend.diagnose import did_you_mean, refuse
from kring.frontend.values import KernelArray, KernelPtr, Num, Text, Val, describe
from kring.ir.core import Core, Mem, Op, Space, Span, Type, Value
from kring.record import replace

View = type[KernelStruct]
Path = tuple[str, ...]


def struct_field(b: Builder, place: KernelPtr, name: str, span: Span) -> Val:
    """A field of a kernel struct behind a typed pointer."""
    field = find_field(place.struct, name, span)
    use(b, place.struct.__name__, field.name, field.type, span, _tag(place.struct))
    root = place.root or place.struct
    return read(b, place.pointer, root, (*place.path, field.name), field.type)


def find_field(struct: View, name: str, span: Span) -> ViewField:
    """The field of that name, or an error that lists the ones there are.

    What comes with kring of the same struct counts too: a class of one's own adds to it.
    """
    try:
        field = view_field(struct, name)
        shipped = getattr(structs, struct.__name__, None)
        if field is None and isinstance(shipped, type) and issubclass(shipped, KernelStruct):
            field = view_field(shipped, name)
    except DeclarationError as error:
        refuse(span, str(error))
    if field is None:
        refuse(
            span,
            f"{struct.__name__} has no field {name!r}. {did_you_mean(name, view_names(struct))}",
            "for a field not listed here, declare your own "
            f"`class {struct.__name__}({struct.__name__})` with it",
        )
    return field


def read(b: Builder, base: Value, root: View, path: Path, kind: ViewType) -> Val:
    """What the kernel has at the end of a path from a pointer."""
    core = Core(root.__name__, path)
    match kind:
        case IntType():
            value = load_int(b, base, core, kind)
            if kind.big and kind.size > 1:
                value = b.emit(Op.BSWAP, value, imm=kind.size * 8)
            return Num(value, kind.signed or kind.size < 8)
        case Bits():
            from kring.frontend.bits import load_bits

            return Num(load_bits(b, base, core, kind))
        case Char(size):
            return Text("kernel", field_address(b, base, core), size)
        case CString():
            return Text("kernel", _load_pointer(b, base, core))
        case ArrayType() | Elements():
            return KernelArray(base, kind, root, path)
        case Embedded(type() as inner):
            note(b, inner.__name__, _tag(inner))
            return KernelPtr(base, inner, root, path)
        case type() as inner if issubclass(inner, KernelEnum):
            signed = min(enumerators(inner).values(), default=0) < 0
            return Num(load_int(b, base, core, IntType(4, signed)))
        case type() as inner if issubclass(inner, KernelStruct):
            return KernelPtr(_load_pointer(b, base, core), inner)
        case _:
            refuse(b.span, f"{'.'.join((root.__name__, *path))} cannot be read in a program")


def address(b: Builder, place: KernelPtr) -> Value:
    """Where the struct lies."""
    if place.root is None or not place.path:
        return place.pointer
    return field_address(b, place.pointer, Core(place.root.__name__, place.path))


def cast(b: Builder, struct: View, val: KernelPtr | Num) -> KernelPtr:
    """The pointer or address as one to another struct, which the verifier does not know of."""
    from kring.btf.match import essential

    match val:
        case KernelPtr() if essential(val.struct.__name__) == essential(struct.__name__):
            return replace(val, struct=struct)
        case KernelPtr():
            at = address(b, val)
        case Num(at):
            pass
    return KernelPtr(b.emit(Op.ADD, at, b.const(0), type=Type(Space.KERNEL)), struct)


def use(
    b: Builder, struct: str, member: str, kind: ViewType, span: Span, tag: str = "struct"
) -> Core:
    """The offset of a member of a kernel struct, which the build takes note of."""
    known = note(b, struct, tag).members
    if _shape(known.setdefault(member, kind)) != _shape(kind):
        refuse(
            span,
            f"{struct}.{member} is declared in two classes, as different things",
            "give it one type in both, or declare the struct once",
        )
    return Core(struct, (member,))


def note(b: Builder, name: str, tag: str) -> Used:
    """What is known to be asked of a kernel type."""
    return b.module.kernel_types.setdefault(name, Used(tag))


def _tag(struct: View) -> str:
    return "union" if issubclass(struct, KernelUnion) else "struct"


def _shape(kind: ViewType) -> object:
    """What two declarations of a member must have in common: any two pointers do."""
    match kind:
        case Embedded(type() as struct):
            return struct.__name__
        case ArrayType(element, count) | Elements(element, count):
            return count, _shape(element)
        case Char(size):
            return size, 1
        case type() as struct if issubclass(struct, KernelEnum):
            return struct.__name__
        case type() | CString() | IntType(pointer=True):
            return type
        case IntType(size):
            return size
        case _:
            return kind


def number(b: Builder, place: KernelPtr) -> Value:
    """The address as an integer. The verifier lets nobody calculate with a pointer whose type it
    knows, so that one is copied by a helper, which makes it forget."""
    at = address(b, place)
    if at.type.space is not Space.BTF:
        return b.emit(Op.ADD, at, b.const(0))
    slot, copy = b.stack(8), b.stack(8)
    b.store(slot, Mem(0, 8), at)
    b.call("probe_read_kernel", copy, b.const(8), slot)
    return b.load(copy, Mem(0, 8))


def same(b: Builder, one: Val, op: str, other: Val, span: Span) -> Num:
    """Whether two pointers lead to the same struct, or not."""
    if not (isinstance(one, KernelPtr) and isinstance(other, KernelPtr)):
        odd = other if isinstance(one, KernelPtr) else one
        refuse(
            span,
            f"a pointer is compared with {describe(odd)}",
            "`is None` and `is not None` test for a null pointer, `int(p)` is its address",
        )
    if op not in _EQUALITIES:
        refuse(span, "pointers are equal or not; they have no order")
    return Num(b.emit(_EQUALITIES[op], address(b, one), address(b, other)))


_EQUALITIES = {"==": Op.EQ, "!=": Op.NE}


# Loads


def field_address(b: Builder, base: Value, core: Core) -> Value:
    return b.emit(Op.FIELD, base, imm=core, type=base.type)


def ask(b: Builder, core: Core, how: str) -> Value:
    """What the target kernel answers to another question about the same field."""
    return b.emit(Op.CORE, imm=Core(core.struct, core.path, how))


def probe(b: Builder, base: Value, core: Core) -> Value:
    """A slot of 8 bytes of stack that begins with the field, as large as the target has it, and
    is 0 behind it."""
    slot = b.stack(8)
    b.store(slot, Mem(0, 8), b.const(0))
    b.call("probe_read_kernel", slot, ask(b, core, "size"), field_address(b, base, core))
    return slot


def load_int(b: Builder, base: Value, core: Core, kind: IntType) -> Value:
    """An integer, which may be wider or narrower on the target than it is declared."""
    if base.type.space is Space.BTF:
        return b.load(base, Mem(0, kind.size, kind.signed, core))
    slot = probe(b, base, core)
    if not kind.signed or core.path[-1].isdigit():
        return b.load(slot, Mem(0, kind.size, kind.signed))
    left, right = ask(b, core, "lshift"), ask(b, core, "rshift")
    return b.emit(Op.ASHR, b.emit(Op.SHL, b.load(slot, Mem(0, 8)), left), right)


def _load_pointer(b: Builder, base: Value, core: Core) -> Value:
    """A pointer that leads on as the one it was found behind did."""
    if base.type.space is Space.BTF:
        return b.load(base, Mem(0, 8, core=core), base.type)
    slot = b.stack(8)
    b.call("probe_read_kernel", slot, b.const(8), field_address(b, base, core))
    return b.load(slot, Mem(0, 8), Type(Space.KERNEL))


# Questions about types


def _note_whole(b: Builder, struct: View) -> None:
    """Take note of all that a struct is declared to have."""
    note(b, struct.__name__, _tag(struct))
    for name in view_names(struct):
        field = find_field(struct, name, b.span)
        use(b, struct.__name__, field.name, field.type, b.span, _tag(struct))
        match field.type:
            case Embedded(type() as inner) | Elements(Embedded(type() as inner)):
                _note_whole(b, inner)
            case _:
                continue


def contains(b: Builder, name: str, owner: type[Any], span: Span) -> Value:
    """1 if the target's struct has the field, or its enum the name, else 0."""
    if issubclass(owner, KernelEnum):
        return b.emit(Op.CORE, imm=_enumerator(b, owner, name, "enum_exists", span))
    field = find_field(owner, name, span)
    core = use(b, owner.__name__, field.name, field.type, span, _tag(owner))
    return ask(b, core, "exists")


def enum_value(b: Builder, owner: type[KernelEnum], name: str, span: Span) -> Num:
    """What the target calls `name`."""
    return Num(b.emit(Op.CORE, imm=_enumerator(b, owner, name, "enum_value", span)))


def _enumerator(b: Builder, owner: type[KernelEnum], name: str, how: str, span: Span) -> Core:
    known = enumerators(owner)
    if name not in known:
        refuse(
            span,
            f"{owner.__name__} has no name {name!r}. {did_you_mean(name, list(known))}",
            f"declare it in the class: `{name}: int`",
        )
    note(b, owner.__name__, "enum").values[name] = known[name]
    return Core(owner.__name__, (name,), how)


def about(b: Builder, kind: type[KernelStruct | KernelEnum], how: str) -> Value:
    """What the target answers to a question about a type as a whole: `type_exists` or
    `type_size`."""
    if issubclass(kind, KernelEnum):
        note(b, kind.__name__, "enum")
    else:
        _note_whole(b, kind)
    return b.emit(Op.CORE, imm=Core(kind.__name__, (), how))
