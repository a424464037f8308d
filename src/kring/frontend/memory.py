"""Fields of structs in memory: reading, writing, and the copying of strings."""

from __future__ import annotations

from collections.abc import Iterator

from kring.decl.struct import Field, Struct, layout, sizeof
from kring.decl.types import ArrayType, Bits, Char, FieldType, IntType
from kring.frontend.builder import Builder
from kring.frontend.diagnose import did_you_mean, refuse
from kring.frontend.integers import known
from kring.frontend.values import Num, Ref, Text, Val, describe
from kring.ir.core import Mem, Op, Span, Value
from kring.record import replace

_CHUNKS = (8, 4, 2, 1)
_COPY_LIMIT = 64
"""Bytes up to which a copy is loads and stores; beyond it a helper does it."""


def find_field(struct: type[Struct], name: str, span: Span) -> Field:
    """The field of that name, or an error that lists the ones there are."""
    field = layout(struct).field(name)
    if field is None:
        known = [field.name for field in layout(struct).fields]
        refuse(span, f"{struct.__name__} has no field {name!r}. {did_you_mean(name, known)}")
    return field


def read_field(b: Builder, ref: Ref, field: Field) -> Val:
    """The field's value; of a struct, a reference to it."""
    offset = ref.offset + field.offset
    match field.type:
        case IntType() as kind:
            return load_int(b, ref.pointer, offset, kind)
        case Bits(unit, width):
            whole = b.load(ref.pointer, Mem(offset, unit.size))
            shifted = b.emit(Op.LSHR, whole, b.const(field.shift)) if field.shift else whole
            low = b.emit(Op.AND, shifted, b.const((1 << width) - 1))
            if not unit.signed:
                return Num(low)
            up = b.const(64 - width)
            return Num(b.emit(Op.ASHR, b.emit(Op.SHL, low, up), up))
        case Char(size):
            return Text("memory", b.at(ref.pointer, offset), size)
        case type() as struct:
            return replace(ref, struct=struct, offset=offset)
        case _:
            refuse(b.span, f"{field.name!r} is an array; programs read integers, strings, structs")


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
    offset = ref.offset + field.offset
    where = f"{ref.struct.__name__}.{field.name}"
    if ref.copied:
        refuse(b.span, f"{ref.copied} cannot be written: {where} is of a copy")
    match field.type, val:
        case IntType() as kind, Num(value):
            check_constant(b, where, kind, val)
            store_int(b, ref.pointer, offset, kind, value)
        case Bits() as kind, Num(value):
            _write_bits(b, ref.pointer, offset, kind, field.shift, value)
        case Char() as kind, Text():
            copy_text(b, b.at(ref.pointer, offset), kind, val)
        case type() as struct, Ref() if val.struct is struct:
            source = b.at(val.pointer, val.offset)
            copy_bytes(b, b.at(ref.pointer, offset), source, field.size)
        case kind, _:
            refuse(b.span, f"{where} holds {type_name(kind)}; this is {describe(val)}")


def check_constant(b: Builder, where: str, kind: IntType, num: Num) -> None:
    """Refuse a number of the source that the type cannot hold; computed ones are cut to fit."""
    first, last = kind.range()
    for value in (known(num) or ()) if num.written else ():
        if not first <= value <= last:
            refuse(
                b.span, f"{value} does not fit in {where}, which is {kind.name}: {first} to {last}"
            )


def zero_fields(b: Builder, ref: Ref) -> None:
    """Zero every field and gap, each for itself, so that the ones written later cost nothing."""
    for start, size in _pieces(ref.struct):
        b.emit(Op.ZERO, ref.pointer, imm=Mem(ref.offset + start, size))


def copy_text(b: Builder, target: Value, kind: Char, text: Text) -> None:
    """Copy a string, cut to the destination and ended by a NUL."""
    match text:
        case Text("comm"):
            b.call("get_current_comm", target, b.const(kind.size))
        case Text("literal", None, literal=literal):
            raw = literal.encode("utf-8", "surrogateescape")[: kind.size - 1]
            padded = raw + bytes(kind.size - len(raw) if kind.clear else 1)
            for offset, size in chunks(len(padded)):
                piece = int.from_bytes(padded[offset : offset + size], "little")
                b.store(target, Mem(offset, size), b.const(piece))
        case Text("memory", Value() as source, size) if size <= min(kind.size, _COPY_LIMIT):
            copy_bytes(b, target, source, size)
        case Text(("memory" | "kernel" | "user") as space, Value() as source, size):
            helper = "probe_read_user_str" if space == "user" else "probe_read_kernel_str"
            limit = min(kind.size, size) if size else kind.size
            b.call(helper, target, b.const(limit), source)
        case Text("dynamic", Value() as context, core=core):
            place = b.load(context, Mem(0, 2, core=core))
            address = b.emit(Op.ADD, context, place, type=context.type)
            b.call("probe_read_kernel_str", target, b.const(kind.size), address)
        case _:
            refuse(b.span, "this string cannot be copied")


def chunks(size: int) -> Iterator[tuple[int, int]]:
    """Offset and width of the aligned pieces of 8, 4, 2 and 1 that make up `size` bytes."""
    offset = 0
    for width in _CHUNKS:
        while size - offset >= width:
            yield offset, width
            offset += width


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
            return f"an array of {count} {element.name}"
        case type():
            return f"a {kind.__name__}"
        case _:
            return "a string"


def copy_bytes(b: Builder, target: Value, source: Value, size: int) -> None:
    """Copy bytes between places the program may access, both aligned to 8."""
    if size > _COPY_LIMIT:
        b.call("probe_read_kernel", target, b.const(size), source)
        return
    for offset, width in chunks(size):
        b.store(target, Mem(offset, width), b.load(source, Mem(offset, width)))


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
    copy_bytes(b, own, b.at(val.pointer, val.offset), sizeof(val.struct))
    return replace(val, pointer=own, offset=0)


def _write_bits(
    b: Builder, pointer: Value, offset: int, kind: Bits, shift: int, value: Value
) -> None:
    mask = (1 << kind.width) - 1
    unit = Mem(offset, kind.unit.size)
    kept = b.emit(Op.AND, b.load(pointer, unit), b.const(~(mask << shift)))
    placed = b.emit(Op.SHL, b.emit(Op.AND, value, b.const(mask)), b.const(shift))
    b.store(pointer, unit, b.emit(Op.OR, kept, placed))


def _pieces(struct: type[Struct]) -> Iterator[tuple[int, int]]:
    """Offset and size of each field, and of each gap between fields."""
    end = 0
    for field in layout(struct).fields:
        if field.offset + field.size <= end:
            continue
        if field.offset > end:
            yield end, field.offset - end
        start = max(end, field.offset)
        yield start, field.offset + field.size - start
        end = field.offset + field.size
    if layout(struct).size > end:
        yield end, layout(struct).size - end
