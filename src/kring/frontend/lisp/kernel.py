"""Kernel structs in programs: what a field of one holds, wherever the target kernel has it.

    (import-kernel-struct task-struct pid (tgid u32))
    (task-struct-pid p) (as-task-struct p) +task-struct-size+
    (kernel-load u32 p 16) (core-load u32 p 16 task-struct flags)

A pointer whose type the verifier knows is loaded through; anything else is an address, read by a
helper, which gives 0 where it cannot be read. Where a field lies is a record of the object, found
out when it is loaded; its type is what the file says, or the running system.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from kring.abi.helpers import HELPERS
from kring.decl import structs
from kring.decl.imported import Imported, imported
from kring.decl.kernel import KernelEnum, KernelStruct, KernelUnion, view_field, view_names
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
from kring.errors import CompileError
from kring.frontend.diagnose import did_you_mean, refuse
from kring.frontend.lisp.arithmetic import add
from kring.frontend.lisp.declared import Declared, declared, lisp_name, view_type
from kring.frontend.lisp.expressions import FORMS, constant, size_of, value
from kring.frontend.lisp.forms import Operand, Symbol, show
from kring.frontend.lisp.memory import checked, pointer
from kring.frontend.lisp.scope import Rule, Scope
from kring.frontend.lisp.unit import TOPLEVEL, Unit
from kring.frontend.walk import field_address, load_int, note, probe, use
from kring.ir.core import Core, Mem, Op, Space, Span, Type, Value, signed
from kring.record import record
from kring.spelling import c_name

_FARTHEST = 0x7FFF
"""The largest offset that an instruction holds."""


@record(frozen=False, eq=False)
class KernelType:
    """A kernel struct or union that a file imports, by its name in C, and the fields it names;
    `layout` is what the running system says, once it was asked."""

    name: str
    lisp: str
    span: Span
    fields: dict[str, Declared]
    layout: Imported | None = None

    def tag(self) -> str:
        return self.layout.tag if self.layout else "struct"

    def asked(self, unit: Unit, span: Span) -> Imported:
        """The struct as the running system has it."""
        if self.layout is None:
            self.layout = _asked(unit, self.name, span)
        return self.layout

    def find(self, unit: Unit, field: str) -> tuple[str, ViewType]:
        """Name in C and type of a field."""
        spec = self.fields[field]
        if spec.type is not None:
            return spec.name, spec.type
        if not self.layout and (known := shipped(self.name, field)):
            return known
        layout = self.asked(unit, spec.span)
        name = next((one for one in layout.members if lisp_name(one) == field), None)
        if name is None:
            known = [lisp_name(one) for one in layout.members]
            hint = did_you_mean(field, known)
            refuse(spec.span, f"{self.name} has no field {field} in this kernel. {hint}")
        kind = layout.type(name)
        if kind is None:
            refuse(spec.span, f"{self.name}.{name} holds nothing that a program can read")
        return name, kind


def shipped(struct: str, field: str) -> tuple[str, ViewType] | None:
    """Name in C and type of a field of a struct that comes with kring, if it is one."""
    known = getattr(structs, struct, None)
    if not isinstance(known, type) or not issubclass(known, KernelStruct):
        return None
    name = next((one for one in view_names(known) if lisp_name(one) == field), "")
    found = view_field(known, name) if name else None
    if found is None or found.name != name:
        return None
    match found.type:
        case IntType(size, pointer=pointer):
            return name, IntType(size, pointer=pointer)
        case Char(size):
            return name, ArrayType(IntType(1), size)
        case CString():
            return name, IntType(8, pointer=True)
        case kind:
            return name, kind


def _asked(unit: Unit, name: str, span: Span) -> Imported:
    try:
        types = unit.facts.btf if unit.facts else None
    except OSError as error:
        refuse(span, f"the kernel's types cannot be read: {error}")
    if types is None:
        refuse(
            span,
            f"the types of {name} are known only to a running kernel that publishes them (BTF)",
            "say what you use: `(import-kernel-struct NAME (FIELD u32) …)`",
        )
    found = imported(types, name)
    if found is None:
        refuse(span, f"this kernel has no struct {name}")
    return found


def _import(unit: Unit, args: list[Operand], span: Span) -> None:
    """The struct's accessors, and what else its name brings."""
    owner = unit.new_name(args[0], "kernel struct", unit.imports)
    made = KernelType(c_name(owner), owner, args[0].span, declared(args[1:]))
    if not args[1:]:
        members = made.asked(unit, args[0].span).members
        made.fields = {lisp_name(one): Declared(one, None, args[0].span) for one in members}
    unit.imports[owner] = made
    for field, spec in made.fields.items():
        unit.form(f"{owner}-{field}", Rule("pointer", partial(_field, made, field)), spec.span)
    unit.form(f"as-{owner}", Rule("pointer", partial(_tagged, made)), args[0].span)
    unit.values[f"+{owner}-size+"] = partial(_size, made)


def _size(struct: KernelType, s: Scope) -> Value:
    note(s.b, struct.name, struct.tag())
    return s.b.emit(Op.CORE, imm=Core(struct.name, (), "type_size"))


def _tagged(struct: KernelType, s: Scope, args: list[Operand]) -> Value:
    """The address, taken to be the struct's from here on."""
    found = value(s, args[0])
    if _typed(s, found, struct.name):
        return found
    made = s.b.emit(Op.ADD, found, s.b.const(0))
    s.tags[made] = struct.name
    return made


def _typed(s: Scope, found: Value, name: str) -> bool:
    """Whether the verifier knows the pointer as one to that struct."""
    return found.type.space is Space.BTF and pointee(s, found, {}) == name


def pointee(s: Scope, found: Value, asked: dict[Value, str]) -> str:
    """What struct the verifier knows a pointer to lead to, empty if we do not.

    Where paths meet it is what all of them bring. Those that come round a loop are not known yet;
    `holds` looks again when they are. `asked` are the parameters being looked into.
    """
    if found.op is Op.CALL and isinstance(found.imm, str):
        return HELPERS[found.imm].struct
    if found.op is not Op.PARAM or s.guesses is None:
        return s.pointees.get(found, "")
    known = _brought(s, found, asked)
    s.guesses[found] = known
    return known


def _brought(s: Scope, param: Value, asked: dict[Value, str]) -> str:
    block = next(block for block in s.b.fn.blocks if param in block.params)
    at = block.params.index(param)
    asked[param] = ""
    args = [edge.args[at] for _, edge in s.b.ways.get(block, ())]
    structs = {pointee(s, arg, asked) for arg in args if arg not in asked}
    return structs.pop() if len(structs) == 1 else ""


def holds(s: Scope) -> bool:
    """Whether all paths bring what was taken for granted before they were known."""
    taken = dict(s.guesses or {})
    return all(_brought(s, param, {}) == known for param, known in taken.items() if known)


# Fields


def _field(struct: KernelType, field: str, s: Scope, args: list[Operand]) -> Value:
    """What a field holds: a number, or the address of what lies inside the struct."""
    span = s.b.span
    base, root, path = _origin(s, struct, args[0])
    name, kind = struct.find(s.unit, field)
    s.b.span = span
    _use(s, struct.name, name, kind, span, struct.tag())
    return _read(s, base, Core(root, (*path, name)), kind)


def _origin(s: Scope, struct: KernelType, arg: Operand) -> tuple[Value, str, tuple[str, ...]]:
    """A pointer, and the way from what it leads to to the struct: from that of the outermost
    struct where one lies inside the other."""
    found = value(s, arg)
    tag = s.tags.get(found)
    if tag is not None and tag != struct.name:
        refuse(
            arg.span,
            f"{show(arg.form)} is the address of a struct {tag}, not of a {struct.name}",
            f"`(as-{struct.lisp} …)` takes it for one",
        )
    core = found.imm
    if tag is not None and found.op is Op.FIELD and isinstance(core, Core):
        return found.args[0], core.struct, core.path
    if found.type.space is Space.CTX or _typed(s, found, struct.name):
        return found, struct.name, ()
    return address(s, found), struct.name, ()


def address(s: Scope, found: Value) -> Value:
    """The pointer as a number, to be read through by a helper. One that the verifier follows has
    to be known not to be null first."""
    if found.type.space is None:
        return found
    if found.type.nullable:
        found = s.b.emit(Op.ADD, found, s.b.const(0), type=Type(found.type.space))
    return s.b.emit(Op.ADD, found, s.b.const(0))


def _use(s: Scope, struct: str, name: str, kind: ViewType, span: Span, tag: str) -> Core:
    """Take note that the member is used."""
    for inner in _inside(kind):
        note(s.b, inner.__name__, "union" if issubclass(inner, KernelUnion) else "struct")
    try:
        return use(s.b, struct, name, kind, span, tag)
    except CompileError:
        refuse(
            span,
            f"{struct}.{name} is used as two different things in this build",
            "give it one type everywhere",
        )


def _inside(kind: ViewType) -> list[type[KernelStruct]]:
    match kind:
        case Embedded(type() as inner) | Elements(Embedded(type() as inner)):
            return [inner]
        case _:
            return []


def _read(s: Scope, base: Value, core: Core, kind: ViewType) -> Value:
    """What the kernel has at the end of a path from a pointer."""
    b = s.b
    match kind:
        case Bits():
            from kring.frontend.bits import load_bits

            return load_bits(b, base, core, kind)
        case ArrayType() | Elements() | Embedded():
            if isinstance(kind, Elements):
                core = Core(core.struct, (*core.path, "0"))  # where the first of them is
            made = field_address(b, base, core)
            for inner in _inside(kind):
                s.tags[made] = inner.__name__
            return made
        case IntType(size):
            return _number(s, base, core, size)
        case type() as view if issubclass(view, KernelEnum):
            return _number(s, base, core, 4)
        case type() as view if base.type.space is Space.BTF:
            found = b.load(base, Mem(0, 8, core=core), Type(Space.BTF))
            s.pointees[found] = view.__name__
            return found
        case _:
            return _number(s, base, core, 8)


def _number(s: Scope, base: Value, core: Core, size: int) -> Value:
    """An integer, zero-extended; the context is read directly, as what the verifier knows is."""
    if base.type.space is Space.CTX:
        return s.b.load(base, Mem(0, size, core=core))
    return load_int(s.b, base, core, IntType(size))


# Loads by hand


def _kernel_load(s: Scope, args: list[Operand]) -> Value:
    size, span = size_of(args[0]), s.b.span
    base, offset = value(s, args[1]), value(s, args[2]) if args[2:] else s.b.const(0)
    s.b.span = span
    return read_at(s, "probe_read_kernel", add(s, address(s, base), offset, span), size)


def read_at(s: Scope, helper: str, at: Value, size: int) -> Value:
    """A number at an address that only a helper reads; 0 where it cannot."""
    slot = s.b.stack(8)
    s.b.call(helper, slot, s.b.const(size), at)
    return s.b.load(slot, Mem(0, size))


def _core(s: Scope, kind: ViewType, offset: Operand, names: list[Operand]) -> Core:
    """The record of a field that a form names, and has at an offset where no kernel is asked."""
    struct, field = (_c_name(arg) for arg in names)
    at = signed(constant(s, offset, "an offset"))
    if not 0 <= at <= _FARTHEST:
        refuse(offset.span, f"an offset is from 0 to {_FARTHEST}, not {at}")
    tag = _imported_tag(s, struct)
    core = _use(s, struct, field, _known(s, struct, field) or kind, names[1].span, tag)
    known = note(s.b, struct, tag).offsets.setdefault(field, at)
    if known != at:
        refuse(offset.span, f"{struct}.{field} is at {known} in another place of this build")
    return core


def _c_name(arg: Operand) -> str:
    if not isinstance(arg.form, Symbol):
        refuse(arg.span, f"{show(arg.form)} is no name")
    return c_name(arg.form.name)


def _imported_tag(s: Scope, struct: str) -> str:
    return next((one.tag() for one in s.unit.imports.values() if one.name == struct), "struct")


def _known(s: Scope, struct: str, field: str) -> ViewType | None:
    """What the field is to the running system, where that is neither a number nor unknown: a
    record finds no pointer and no enum under the type of a number."""
    known = note(s.b, struct, _imported_tag(s, struct)).members.get(field)
    if known is not None:
        return known
    try:
        types = s.unit.facts.btf if s.unit.facts else None
    except OSError:
        return None
    found = imported(types, struct) if types else None
    kind = found.type(field) if found and field in found.members else None
    return None if isinstance(kind, IntType) and not kind.pointer else kind


def _core_load(s: Scope, args: list[Operand]) -> Value:
    size, span = _size_of(args[0]), s.b.span
    base = value(s, args[1])
    core = _core(s, view_type(args[0]), args[2], args[3:])
    s.b.span = span
    if base.type.space in (None, Space.KERNEL):
        return s.b.load(probe(s.b, address(s, base), core), Mem(0, size))
    return s.b.load(checked(s, base, args[1]), Mem(0, size, core=core))


def _size_of(arg: Operand) -> int:
    return 8 if isinstance(arg.form, Symbol) and arg.form.name == "ptr" else size_of(arg)


def _core_store(s: Scope, args: list[Operand]) -> Value:
    size, span = _size_of(args[0]), s.b.span
    base = pointer(s, args[1], written=True)
    core = _core(s, view_type(args[0]), args[2], args[4:])
    new = value(s, args[3])
    s.b.span = span
    s.b.store(base, Mem(0, size, core=core), new)
    return s.b.const(0)


def _core_ctx_load(s: Scope, args: list[Operand]) -> Value:
    size = _size_of(args[0])
    core = _core(s, view_type(args[0]), args[1], args[2:])
    return s.b.load(s.b.context, Mem(0, size, core=core))


def _ld_btf_id(s: Scope, args: list[Operand]) -> Value:
    refuse(
        s.b.span,
        "ld-btf-id names a variable of one kernel by its number there, and objects name no kernel",
        "reach the kernel's data from `(get-current-task-btf)` or from the hook's arguments",
    )


_MAKE: dict[str, tuple[str, Callable[[Scope, list[Operand]], Value]]] = {
    "kernel-load": ("type pointer [offset]", _kernel_load),
    "core-load": ("type pointer offset STRUCT FIELD", _core_load),
    "core-store": ("type pointer offset value STRUCT FIELD", _core_store),
    "core-ctx-load": ("type offset STRUCT FIELD", _core_ctx_load),
    "ld-btf-id": ("id", _ld_btf_id),
}
FORMS.update({name: Rule(usage, build) for name, (usage, build) in _MAKE.items()})
TOPLEVEL["import-kernel-struct"] = ("NAME [field…]", _import)
