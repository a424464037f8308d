"""Kernel structs in programs: what a field of one holds, wherever the target kernel has it.

    (import-kernel-struct task-struct pid (tgid u32))
    (task-struct-pid p) (as-task-struct p) +task-struct-size+

A pointer whose type the verifier knows is loaded through; anything else is an address, read by a
helper, which gives 0 where it cannot be read. Where a field lies is a record of the object, found
out when it is loaded; its type is what the file says, or the running system.
"""

from __future__ import annotations

from functools import partial

from kring.abi.helpers import HELPERS
from kring.decl.kernel import KernelEnum, KernelStruct, KernelUnion, enum_size
from kring.decl.types import ArrayType, Bits, Elements, Embedded, IntType, ViewType
from kring.frontend.diagnose import refuse
from kring.frontend.lisp.declared import Declared, declared, used
from kring.frontend.lisp.expressions import value
from kring.frontend.lisp.forms import Operand, lisp_name, show
from kring.frontend.lisp.imports import KernelType
from kring.frontend.lisp.scope import Rule, Scope
from kring.frontend.lisp.toplevel import TOPLEVEL
from kring.frontend.lisp.unit import Unit
from kring.frontend.walk import field_address, load_int, note
from kring.ir.core import Core, Mem, Op, Space, Span, Type, Value
from kring.spelling import c_name


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
    struct.settle(s.unit)
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
    base, root, path = _origin(s, struct, args[0])
    name, kind = struct.find(s.unit, field)
    member(s, struct.name, name, kind, struct.tag())
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


def member(s: Scope, struct: str, name: str, kind: ViewType, tag: str) -> Core:
    """Where the kernel has a member; what lies in it is noted too."""
    for inner in _inside(kind):
        note(s.b, inner.__name__, "union" if issubclass(inner, KernelUnion) else "struct")
    return used(s, struct, name, kind, f"{struct}.{name}", tag)


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
            return _number(s, base, core, enum_size(view))
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


TOPLEVEL["import-kernel-struct"] = ("NAME [field…]", _import)
