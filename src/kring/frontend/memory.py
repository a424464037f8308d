"""Fields of structs and elements of arrays in memory: reading and writing."""

from __future__ import annotations

from kring.decl.locks import has_lock
from kring.decl.struct import Field, Struct, layout, sizeof
from kring.decl.types import ArrayType, Bits, Char, FieldType, IntType
from kring.frontend.builder import Builder
from kring.frontend.copies import store_bytes
from kring.frontend.diagnose import did_you_mean, refuse
from kring.frontend.integers import known
from kring.frontend.texts import copy_text, copy_value
from kring.frontend.values import (
    Items,
    KernelArray,
    Num,
    Ref,
    Static,
    Text,
    Val,
    as_struct,
    describe,
)
from kring.ir.core import Mem, Op, Space, Span, Value
from kring.record import replace

NO_COPY = (
    "a lock is neither read nor written, nor copied with what is around it",
    "copy the other fields one by one",
)


def find_field(struct: type[Struct], name: str, span: Span) -> Field:
    """The field of that name, or an error that lists the ones there are."""
    field = layout(struct).field(name)
    if field is None:
        known = [field.name for field in layout(struct).fields]
        refuse(span, f"{struct.__name__} has no field {name!r}. {did_you_mean(name, known)}")
    return field


def read_field(b: Builder, ref: Ref, field: Field) -> Val:
    """The field's value; of a struct or an array, a reference to it."""
    return read(b, ref, ref.offset + field.offset, field.type, field.shift)


def read(b: Builder, owner: Ref | Items, offset: int, kind: FieldType, shift: int = 0) -> Val:
    """What the memory of a struct or an array holds at an offset from its pointer; of a struct or
    an array inside, a reference."""
    pointer, rest = owner.pointer, (owner.shared, owner.copied, owner.at)
    match kind:
        case IntType():
            return load_int(b, pointer, offset, kind)
        case Bits(unit, width):
            whole = b.load(pointer, Mem(offset, unit.size))
            shifted = b.emit(Op.LSHR, whole, b.const(shift)) if shift else whole
            low = b.emit(Op.AND, shifted, b.const((1 << width) - 1))
            if not unit.signed:
                return Num(low, width < 64)
            up = b.const(64 - width)
            return Num(b.emit(Op.ASHR, b.emit(Op.SHL, low, up), up))
        case Char(size):
            return Text("memory", b.at(pointer, offset), size)
        case ArrayType():
            return Items(pointer, kind, offset, *rest)
        case type() as struct:
            return Ref(pointer, struct, offset, *rest)
        case _:
            refuse(b.span, "this is a string of the kernel, which has no fixed place")


def load_int(b: Builder, pointer: Value, offset: int, kind: IntType) -> Num:
    """An integer in memory, decoded from network order if it has that."""
    value = b.load(pointer, Mem(offset, kind.size, kind.signed))
    if kind.big and kind.size > 1:
        value = b.emit(Op.BSWAP, value, imm=kind.size * 8)
    return Num(value, kind.signed or kind.size < 8)


def store_int(b: Builder, pointer: Value, offset: int, kind: IntType, value: Value) -> None:
    """Store the low bytes of an integer, encoded in network order if the type has that."""
    if kind.big and kind.size > 1:
        value = b.emit(Op.BSWAP, value, imm=kind.size * 8)
    b.store(pointer, Mem(offset, kind.size), value)


def write_field(b: Builder, ref: Ref, field: Field, val: Val) -> None:
    """Assign to a field: integers are truncated, strings cut to the field's capacity."""
    where = f"{ref.struct.__name__}.{field.name}"
    write(b, ref, ref.offset + field.offset, field.type, val, where, field.shift)


def write(
    b: Builder,
    owner: Ref | Items,
    offset: int,
    kind: FieldType,
    val: Val,
    where: str,
    shift: int = 0,
) -> None:
    """Assign to the memory of a struct or an array, at an offset from its pointer; an error calls
    it `where`."""
    pointer = owner.pointer
    if owner.copied:
        refuse(b.span, f"{owner.copied} cannot be written: {where} is of a copy")
    val = as_struct(val)
    match kind, val:
        case IntType(), Num(value):
            check_constant(b, where, kind, val)
            store_int(b, pointer, offset, kind, value)
        case Bits(), Num(value):
            check_constant(b, where, kind, val)
            _write_bits(b, pointer, offset, kind, shift, value)
        case Char(), Text():
            copy_text(b, b.at(pointer, offset), kind, val)
        case ArrayType(), Items() if (val.type.element, val.type.count) == (
            kind.element,
            kind.count,
        ):
            copy_value(b, b.at(pointer, offset), b.at(val.pointer, val.offset), kind)
        case ArrayType(), KernelArray() if val.kind == replace(kind, changes=False):
            from kring.frontend.elements import fetch

            fetch(b, val, b.at(pointer, offset), kind.size)
        case ArrayType(_, count), Static(bytes() as data) if kind.is_bytes:
            if len(data) > count:
                refuse(b.span, f"{len(data)} bytes do not fit in {where}, which has {count}")
            store_bytes(b, b.at(pointer, offset), data.ljust(count, b"\0"))
        case type() as struct, Ref() if val.struct is struct:
            if Space.VALUE in (pointer.type.space, val.pointer.type.space) and has_lock(struct):
                refuse(b.span, *NO_COPY)
            copy_value(b, b.at(pointer, offset), b.at(val.pointer, val.offset), struct)
        case _:
            refuse(b.span, f"{where} holds {type_name(kind)}; this is {describe(val)}")


def check_constant(b: Builder, where: str, kind: IntType | Bits, num: Num) -> None:
    """Refuse a number of the source that the type cannot hold; computed ones are cut to fit."""
    first, last = kind.range()
    for value in (known(num) or ()) if num.written else ():
        if not first <= value <= last:
            what = kind.name if isinstance(kind, IntType) else f"{kind.width} bits"
            refuse(b.span, f"{value} does not fit in {where}, which is {what}: {first} to {last}")


def type_name(kind: FieldType) -> str:
    """A field's type in the words of an error message."""
    match kind:
        case IntType():
            return f"an integer ({kind.name})"
        case Bits(_, width):
            return f"an integer of {width} bits"
        case Char(size):
            return f"a string of {size} bytes"
        case ArrayType(element, count):
            name = element.name if isinstance(element, IntType) else element.__name__
            return f"an array of {count} {name}"
        case type():
            return f"a {kind.__name__}"
        case _:
            return "a string"


def kept(b: Builder, name: str, val: Val) -> Val:
    """What a variable is to hold: of a header that was copied, and that other variables hold or may
    hold too, a copy of its own, since the memory it is in takes the next header that is read."""
    if not (isinstance(val, Ref) and val.copied):
        return val
    held = any(
        isinstance(other, Ref) and other.pointer is val.pointer
        for variable, other in b.env.items()
        if variable != name
    )
    if val.pointer.op is Op.STACK and not held:
        return val
    own = b.stack(sizeof(val.struct))
    copy_value(b, own, b.at(val.pointer, val.offset), val.struct)
    return replace(val, pointer=own, offset=0)


def _write_bits(
    b: Builder, pointer: Value, offset: int, kind: Bits, shift: int, value: Value
) -> None:
    mask = (1 << kind.width) - 1
    unit = Mem(offset, kind.unit.size)
    kept = b.emit(Op.AND, b.load(pointer, unit), b.const(~(mask << shift)))
    placed = b.emit(Op.SHL, b.emit(Op.AND, value, b.const(mask)), b.const(shift))
    b.store(pointer, unit, b.emit(Op.OR, kept, placed))
