"""Kernel structs in programs: from a typed pointer to what a field of it holds.

A pointer in `Space.BTF` is loaded through directly, and a load that faults gives 0. Any other
kernel address is read through a helper into the stack, which also gives 0 where it cannot be read.
"""

from __future__ import annotations

from kring.decl.kernel import KernelStruct, view_fields
from kring.decl.types import Char, FieldType, IntType
from kring.frontend.builder import Builder
from kring.frontend.diagnose import did_you_mean, refuse
from kring.frontend.values import KernelPtr, Num, Text, Val
from kring.ir.core import Core, Mem, Op, Space, Span, Type, Value


def struct_field(b: Builder, pointer: KernelPtr, name: str, span: Span) -> Val:
    """A field of a kernel struct behind a typed pointer."""
    known = dict(view_fields(pointer.struct))
    struct = pointer.struct.__name__
    if name not in known:
        refuse(
            span,
            f"{struct} has no field {name!r}. {did_you_mean(name, list(known))}",
            f"for a field not listed here, declare your own `class {struct}({struct})` with it",
        )
    kind = known[name]
    core = use(b, struct, name, kind)
    base = pointer.pointer
    match kind:
        case IntType():
            return Num(_load_int(b, base, core, kind), kind.signed or kind.size < 8)
        case Char(size):
            return Text("kernel", _address(b, base, core), size)
        case type() as inner if issubclass(inner, KernelStruct):
            return KernelPtr(_load_pointer(b, base, core), inner)
        case _:
            refuse(span, f"{struct}.{name} is not an integer, a string or a pointer")


def use(b: Builder, struct: str, member: str, kind: FieldType) -> Core:
    """The offset of a member of a kernel struct, which the build takes note of."""
    b.module.kernel_types.setdefault(struct, {})[member] = kind
    return Core(struct, (member,))


def _address(b: Builder, base: Value, core: Core) -> Value:
    return b.emit(Op.FIELD, base, imm=core, type=base.type)


def _load_pointer(b: Builder, base: Value, core: Core) -> Value:
    """A pointer that leads on as the one it was found behind did."""
    if base.type.space is Space.BTF:
        return b.load(base, Mem(0, 8, core=core), base.type)
    slot = b.stack(8)
    b.call("probe_read_kernel", slot, b.const(8), _address(b, base, core))
    return b.load(slot, Mem(0, 8), Type(Space.KERNEL))


def _load_int(b: Builder, base: Value, core: Core, kind: IntType) -> Value:
    """An integer, which may be wider or narrower on the target than it is declared."""
    if base.type.space is Space.BTF:
        return b.load(base, Mem(0, kind.size, kind.signed, core))
    slot = b.stack(8)
    b.store(slot, Mem(0, 8), b.const(0))
    size = b.emit(Op.CORE, imm=Core(core.struct, core.path, "size"))
    b.call("probe_read_kernel", slot, size, _address(b, base, core))
    if not kind.signed:
        return b.load(slot, Mem(0, kind.size))
    left, right = (
        b.emit(Op.CORE, imm=Core(core.struct, core.path, how)) for how in ("lshift", "rshift")
    )
    return b.emit(Op.ASHR, b.emit(Op.SHL, b.load(slot, Mem(0, 8)), left), right)
