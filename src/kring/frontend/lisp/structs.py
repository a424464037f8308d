"""Structs and unions that a file defines: their layout, and the forms that each one brings.

(defstruct event (pid u32) (comm (array u8 16)))
(make-event) (event-pid e) (event-comm e 3) (event-comm-ptr e) (set-event-pid! e v)
(sizeof event) (struct-ref event e pid) (struct-set event e pid v)

`(array char 16)` is text, as is an array of bytes that a helper fills with a string.
"""

from __future__ import annotations

from kring.decl.struct import Field, Layout, Struct, laid_out, layout, sizeof
from kring.decl.types import ArrayType, Char, FieldType, IntType
from kring.frontend.diagnose import refuse
from kring.frontend.lisp.constants import SIZES
from kring.frontend.lisp.expressions import FORMS, value
from kring.frontend.lisp.forms import Cell, Operand, Symbol, lisp_name, operands, show, symbol
from kring.frontend.lisp.memory import described, load, pointer, store, zeroed
from kring.frontend.lisp.scope import Place, Rule, Scope
from kring.frontend.lisp.toplevel import TOPLEVEL
from kring.frontend.lisp.unit import Unit
from kring.frontend.values import Ref
from kring.frontend.zeroes import zero_fields
from kring.ir.core import Op, Span, Type, Value, number
from kring.spelling import c_name, closest, suggestion

_LARGEST = 1 << 20
"""Bytes of a struct, which has to fit in a record or in a map's value."""


def defstruct(unit: Unit, args: list[Operand], span: Span) -> None:
    """A struct of scalars and arrays of scalars, as C lays it out."""
    name, *specs = args
    owner = unit.new_name(name, "struct", unit.structs)
    fields: list[Field] = []
    names: list[str] = []
    end, align = 0, 1
    for spec in specs:
        name_of, kind = _field(unit, spec, fields)
        field = c_name(name_of)
        one = _element(kind).size
        start = -(-end // one) * one
        fields.append(Field(field, kind, start, kind.size))
        names.append(name_of)
        end, align = start + kind.size, max(align, one)
        if end > _LARGEST:
            refuse(spec.span, f"{owner} is larger than {_LARGEST} bytes")
    if not fields:
        refuse(span, f"struct {owner} has no fields", "write `(defstruct NAME (FIELD TYPE)…)`")
    size = -(-end // align) * align
    struct = laid_out(c_name(owner), Layout(size, align, tuple(fields)))
    unit.structs[owner] = struct
    unit.form(f"make-{owner}", Rule("", lambda s, _: make(s, struct)), span)
    for spec, spelled, field in zip(specs, names, fields, strict=True):
        _accessors(unit, f"{owner}-{spelled}", struct, field, spec.span)
    for spelled, field in zip(names, fields, strict=True):
        # a field may be called so too, and counts more then
        unit.forms.setdefault(f"{owner}-{spelled}-ptr", _address(struct, field))


def _field(
    unit: Unit, spec: Operand, before: list[Field]
) -> tuple[str, IntType | ArrayType | Char]:
    """Name and type of a field."""
    parts = operands(spec.form, spec.span) if isinstance(spec.form, Cell) else []
    if len(parts) != 2 or not isinstance(parts[0].form, Symbol):
        refuse(spec.span, f"{show(spec.form)} is no field", "write `(NAME TYPE)`")
    name = parts[0].form.name
    if any(field.name == c_name(name) for field in before):
        refuse(parts[0].span, f"there are two fields called {name}")
    return name, _type(unit, parts[1])


def _element(kind: FieldType) -> IntType:
    """What an array is of, or the type itself."""
    element = kind.element if isinstance(kind, ArrayType) else kind
    return element if isinstance(element, IntType) else IntType(1)


def _type(unit: Unit, arg: Operand) -> IntType | ArrayType | Char:
    if isinstance(arg.form, Cell):
        parts = operands(arg.form, arg.span)
        word = parts[0].form
        if len(parts) == 3 and isinstance(word, Symbol) and word.name == "array":
            count = unit.integer(parts[2], "the number of elements")
            if not 0 < count <= _LARGEST:
                refuse(parts[2].span, f"an array of {count} elements")
            if parts[1].form is symbol("char"):
                return Char(count)
            return ArrayType(_scalar(parts[1]), count)
        refuse(arg.span, f"{show(arg.form)} is no type of a field", _TYPES)
    return _scalar(arg)


_TYPES = "fields are u8, u16, u32 or u64, or arrays: `(array u8 6)`, and `(array char 16)` of text"
_IN_C = {"uint8_t": "u8", "uint16_t": "u16", "uint32_t": "u32", "uint64_t": "u64",
         "int": "u32", "long": "u64", "short": "u16", "unsigned": "u32"}  # fmt: skip


def _scalar(arg: Operand) -> IntType:
    name = arg.form.name if isinstance(arg.form, Symbol) else ""
    if name not in SIZES:
        meant = _IN_C.get(name) or closest(name, SIZES)
        hint = f" Did you mean {meant}?" if meant else ""
        refuse(arg.span, f"{show(arg.form)} is no type of a field.{hint}".rstrip("."), _TYPES)
    return IntType(SIZES[name], signed=name.startswith("i"))


def defunion(unit: Unit, args: list[Operand], span: Span) -> None:
    """Room for the largest of some structs, which all begin at its start."""
    name, *members = args
    owner = unit.new_name(name, "struct", unit.structs)
    structs = [unit.struct(member) for member in members]
    if not structs:
        refuse(span, f"union {owner} has no members", "write `(defunion NAME STRUCT…)`")
    fields = tuple(Field(one.__name__, one, 0, sizeof(one)) for one in structs)
    align = max(layout(one).align for one in structs)
    size = -(-max(map(sizeof, structs)) // align) * align
    union = laid_out(c_name(owner), Layout(size, align, fields))
    unit.structs[owner] = union
    unit.form(f"make-{owner}", Rule("", lambda s, _: _made(s, zeroed(s, size), union)), span)


def make(s: Scope, struct: type[Struct]) -> Value:
    """A struct on the stack, every byte of it 0."""
    memory = s.b.stack(sizeof(struct))
    zero_fields(s.b, Ref(memory, struct))
    return _made(s, memory, struct)


def _made(s: Scope, memory: Value, struct: type[Struct]) -> Value:
    s.structs[memory] = struct
    return memory


# The forms of each field


def _accessors(unit: Unit, name: str, struct: type[Struct], field: Field, span: Span) -> None:
    array = isinstance(field.type, ArrayType | Char)
    index = " index" if array else ""

    def at(s: Scope, args: list[Operand]) -> tuple[Value, int, int]:
        return _place(s, struct, field, args)

    def read(s: Scope, args: list[Operand]) -> Value:
        return load(s, *at(s, args))

    def place(s: Scope, args: list[Operand]) -> Place:
        where = _place(s, struct, field, args, written=True)
        return Place(lambda: load(s, *where), lambda new: store(s, *where, new))

    def write(s: Scope, args: list[Operand]) -> Value:
        into = place(s, args[:-1])
        into.write(new := value(s, args[-1]))
        return new

    unit.form(name, Rule(f"pointer{index}", read, place), span)
    unit.form(f"set-{name}!", Rule(f"pointer{index} value", write), span)
    if array:
        unit.form(f"{name}-ptr", _address(struct, field), span)


def _address(struct: type[Struct], field: Field) -> Rule:
    def build(s: Scope, args: list[Operand]) -> Value:
        base = _pointer(s, struct, args[0])
        found = s.b.emit(Op.ADD, base, s.b.const(field.offset), type=Type(base.type.space))
        s.fields[found] = struct, field
        return found

    return Rule("pointer", build)


def _pointer(s: Scope, struct: type[Struct], arg: Operand, written: bool = False) -> Value:
    """A pointer that is taken to lead to the struct."""
    base = pointer(s, arg, written)
    s.structs.setdefault(base, struct)
    return base


def _place(
    s: Scope, struct: type[Struct], field: Field, args: list[Operand], written: bool = False
) -> tuple[Value, int, int]:
    """Pointer, offset from it and size of a field, or of an element of an array."""
    span = s.b.span
    base = _pointer(s, struct, args[0], written)
    if isinstance(field.type, IntType):
        return base, field.offset, field.size
    size = _element(field.type).size
    if not args[1:]:
        refuse(span, f"{field.name} is an array", "say which element: its index comes last")
    index = value(s, args[1])
    if index.type.space is not None:
        refuse(args[1].span, f"an index is a number; {show(args[1].form)} is {described(index)}")
    if (known := number(index)) is not None:
        last = field.size // size - 1
        if known > last:
            refuse(args[1].span, f"{field.name} has the elements 0 to {last}, and no {known}")
        return base, field.offset + known * size, size
    distance = s.b.emit(Op.MUL, index, s.b.const(size)) if size > 1 else index
    return s.b.emit(Op.ADD, base, distance, type=Type(base.type.space)), field.offset, size


# Structs by their names


def _sizeof(s: Scope, args: list[Operand]) -> Value:
    return s.b.const(sizeof(s.unit.struct(args[0])))


def _find(s: Scope, args: list[Operand]) -> tuple[type[Struct], Field]:
    struct = s.unit.struct(args[0])
    name = args[2].form.name if isinstance(args[2].form, Symbol) else ""
    field = layout(struct).field(c_name(name))
    if field is None:
        known = [lisp_name(one.name) for one in layout(struct).fields]
        hint = suggestion(name, known, quote="") or f" It has: {', '.join(known)}"
        refuse(args[2].span, f"{args[0].form} has no field {show(args[2].form)}.{hint}")
    return struct, field


def _struct_ref(s: Scope, args: list[Operand]) -> Value:
    struct, field = _find(s, args)
    return load(s, *_place(s, struct, field, [args[1], *args[3:]]))


def _struct_set(s: Scope, args: list[Operand]) -> Value:
    struct, field = _find(s, args)
    where = _place(s, struct, field, [args[1], *args[3:-1]], written=True)
    store(s, *where, new := value(s, args[-1]))
    return new


FORMS.update(
    {
        "sizeof": Rule("STRUCT", _sizeof),
        "struct-ref": Rule("STRUCT pointer FIELD [index]", _struct_ref),
        "struct-set": Rule("STRUCT pointer FIELD [index] value", _struct_set),
    }
)
TOPLEVEL.update(
    {"defstruct": ("NAME (FIELD TYPE)…", defstruct), "defunion": ("NAME STRUCT…", defunion)}
)
