"""Kernel memory by hand: numbers at an address, and at fields that a form names.

    (kernel-load u32 p 16) (core-load u32 p 16 task-struct flags) (core-ctx-load u32 0 xdp-md data)

A field is where the target kernel has it; the offset beside it is where it is if none is asked.
"""

from __future__ import annotations

from functools import partial

from kring.decl.types import IntType, ViewType
from kring.frontend.diagnose import refuse
from kring.frontend.lisp.arithmetic import add
from kring.frontend.lisp.declared import view_type
from kring.frontend.lisp.expressions import FORMS, constant, optional, size_of, value
from kring.frontend.lisp.forms import Operand, Symbol, show
from kring.frontend.lisp.kernel import address, member
from kring.frontend.lisp.memory import checked, pointer
from kring.frontend.lisp.scope import Build, Rule, Scope
from kring.frontend.walk import note, probe
from kring.ir.core import Core, Mem, Op, Space, Type, Value, signed
from kring.spelling import c_name

_FARTHEST = 0x7FFF
"""The largest offset that an instruction holds."""
_LAST_TYPE = 0x7FFFFFFF


def load_by(helper: str, s: Scope, args: list[Operand]) -> Value:
    """A number at an address that only a helper reads; 0 where it cannot."""
    size = size_of(args[0])
    base, offset = value(s, args[1]), optional(s, args[2:])
    slot, at = s.b.stack(8), add(s, base, offset, s.b.span)
    s.b.call(helper, slot, s.b.const(size), at)
    return s.b.load(slot, Mem(0, size))


def _core(s: Scope, kind: ViewType, offset: Operand, names: list[Operand]) -> Core:
    """The record of a field that a form names, and has at an offset where no kernel is asked."""
    struct, field = (_c_name(arg) for arg in names)
    at = signed(constant(s, offset, "an offset"))
    if not 0 <= at <= _FARTHEST:
        refuse(offset.span, f"an offset is from 0 to {_FARTHEST}, not {at}")
    tag = next((one.tag() for one in s.unit.imports.values() if one.name == struct), "struct")
    asked = note(s.b, struct, tag)
    s.b.span = names[1].span
    kind = asked.members.get(field) or _running(s, struct, field) or kind
    core = member(s, struct, field, kind, tag)
    known = asked.offsets.setdefault(field, at)
    if known != at:
        refuse(offset.span, f"{struct}.{field} is at {known} in another place of this build")
    return core


def _c_name(arg: Operand) -> str:
    if not isinstance(arg.form, Symbol):
        refuse(arg.span, f"{show(arg.form)} is no name")
    return c_name(arg.form.name)


def _running(s: Scope, struct: str, field: str) -> ViewType | None:
    """What the field is to the running system, where that is neither a number nor unknown: a
    record finds no pointer and no enum under the type of a number."""
    try:
        types = s.unit.facts.btf if s.unit.facts else None
    except OSError:
        return None
    if types is None:
        return None
    from kring.decl.imported import imported

    found = imported(types, struct)
    kind = found.type(field) if found and field in found.members else None
    return None if isinstance(kind, IntType) and not kind.pointer else kind


def _core_load(s: Scope, args: list[Operand]) -> Value:
    size = _size_of(args[0])
    base = value(s, args[1])
    core = _core(s, view_type(args[0]), args[2], args[3:])
    if base.type.space in (None, Space.KERNEL):
        return s.b.load(probe(s.b, address(s, base), core), Mem(0, size))
    return s.b.load(checked(s, base, args[1]), Mem(0, size, core=core))


def _size_of(arg: Operand) -> int:
    return 8 if isinstance(arg.form, Symbol) and arg.form.name == "ptr" else size_of(arg)


def _core_store(s: Scope, args: list[Operand]) -> Value:
    size = _size_of(args[0])
    base = pointer(s, args[1], written=True)
    core = _core(s, view_type(args[0]), args[2], args[4:])
    new = value(s, args[3])
    s.b.store(base, Mem(0, size, core=core), new)
    return s.b.const(0)


def _core_ctx_load(s: Scope, args: list[Operand]) -> Value:
    size = _size_of(args[0])
    core = _core(s, view_type(args[0]), args[1], args[2:])
    return s.b.load(s.b.context, Mem(0, size, core=core))


def _ld_btf_id(s: Scope, args: list[Operand]) -> Value:
    """The address of a function or variable of one kernel, which the verifier takes for memory to
    be read."""
    span = s.b.span
    id = signed(constant(s, args[0], "the number of a type"))
    if not 0 < id <= _LAST_TYPE:
        refuse(args[0].span, f"types have the numbers 1 to {_LAST_TYPE}; this is {id}")
    s.unit.note(span, f"{id} is the number of one kernel's type: the object suits no other kernel")
    return s.b.emit(Op.BTF_ID, imm=id, type=Type(Space.BTF))


_MAKE: dict[str, tuple[str, Build]] = {
    "kernel-load": ("type pointer [offset]", partial(load_by, "probe_read_kernel")),
    "core-load": ("type pointer offset STRUCT FIELD", _core_load),
    "core-store": ("type pointer offset value STRUCT FIELD", _core_store),
    "core-ctx-load": ("type offset STRUCT FIELD", _core_ctx_load),
    "ld-btf-id": ("id", _ld_btf_id),
}
FORMS.update({name: Rule(usage, build) for name, (usage, build) in _MAKE.items()})
