"""What a program is given: fields of its context by name, and its bytes.

(ctx FIELD) (ctx FIELD index) (ctx TYPE OFFSET) and `setf` of each; (ctx-ptr); (pt-regs-parm1)

A field is read as it lies there: no byte is swapped, and the number is zero-extended. What the
verifier takes for a pointer is one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NoReturn

from kring.abi.context_rows import STRUCT_OF, Member, end, hidden, members, size, writable
from kring.abi.contexts import ARGUMENTS, REGISTERS, RESULT
from kring.abi.uapi import ProgType
from kring.frontend.diagnose import refuse
from kring.frontend.lisp.constants import SIZES
from kring.frontend.lisp.expressions import FORMS, constant, size_of, value
from kring.frontend.lisp.forms import Operand, Symbol, lisp_name, show, symbol
from kring.frontend.lisp.scope import Place, Rule, Scope
from kring.ir.core import Mem, Space, Span, Type, Value, signed
from kring.record import record
from kring.spelling import article, c_name, suggestion

_POINTS = {
    "": Type(),
    "packet": Type(Space.PACKET),
    "packet_end": Type(Space.PACKET_END),
    "packet_meta": Type(Space.PACKET),
    "socket": Type(Space.BTF, nullable=True),
    "memory": Type(Space.MEM),
}
_BY_HOOK = {
    ProgType.KPROBE: "a function's arguments are `(pt-regs-parm1)` to `(pt-regs-parm6)`, its "
    "result is `(pt-regs-ret)`; any register is `(ctx u64 OFFSET)`",
    ProgType.TRACEPOINT: "`(deftracepoint CATEGORY/EVENT)` makes `(tp-FIELD)` of each field; any "
    "bytes are `(ctx TYPE OFFSET)`",
    ProgType.SYSCALL: "the bytes that it is run with are `(ctx TYPE OFFSET)`",
}
_ARGUMENTS = "the first argument is `(ctx u64 0)`, the second `(ctx u64 8)`, and so on"
_WRITTEN = frozenset({ProgType.SYSCALL, ProgType.EXT})
"""Types without a struct of their own that may write their context."""


@record
class _Where:
    """A stretch of the context; the name of the field that it is, or is of."""

    offset: int
    size: int
    type: Type = Type()
    name: str = ""


def _struct(s: Scope) -> str | None:
    """The struct whose fields have names here."""
    kind = s.program.kind.type
    return None if kind is ProgType.KPROBE else STRUCT_OF.get(kind)


def _find(s: Scope, args: list[Operand]) -> _Where:
    name = args[0].form
    if isinstance(name, Symbol) and name.name in SIZES:
        if not args[1:]:
            refuse(s.b.span, f"(ctx {name}) does not say where", f"write `(ctx {name} OFFSET)`")
        return _at(s, *args)
    if not isinstance(name, Symbol):
        refuse(
            args[0].span, f"{show(name)} is no field of the context",
            "write `(ctx FIELD)`, or `(ctx TYPE OFFSET)`",
        )  # fmt: skip
    return _field(s, name.name, args)


# By name


def _field(s: Scope, name: str, args: list[Operand]) -> _Where:
    struct, span = _struct(s), args[0].span
    if struct is None:
        _refuse_name(s, name, span)
    known = members(struct)
    found = known.get(c_name(name))
    if found is None:
        spelled = [lisp_name(one) for one in known]
        hint = suggestion(name, spelled, quote="") or f" There are: {', '.join(spelled)}"
        refuse(span, f"struct {struct}, the context here, has no field {name}.{hint}")
    kind = s.program.kind
    if c_name(name) in hidden(kind.type, kind.attach):
        refuse(span, f"the kernel keeps {name} from {_called(s)} programs")
    return _element(s, name, found, args)


def _refuse_name(s: Scope, name: str, span: Span) -> NoReturn:
    cure = _BY_HOOK.get(s.program.kind.type, _ARGUMENTS)
    refuse(span, f"what {_a(s)} program is given has no fields with names, so no {name}", cure)


def _called(s: Scope) -> str:
    return lisp_name(s.program.kind.name)


def _a(s: Scope) -> str:
    return article(_called(s))


def _element(s: Scope, name: str, found: Member, args: list[Operand]) -> _Where:
    """The field, or the element of it that an index names."""
    last = found.count - 1
    if not found.count:
        if args[1:]:
            refuse(args[1].span, f"{name} is no array", f"write `(ctx {name})`")
        return _Where(found.offset, found.size, _POINTS[found.points], name)
    if not args[1:]:
        refuse(args[0].span, f"{name} is an array", f"write `(ctx {name} INDEX)`, from 0 to {last}")
    index = signed(constant(s, args[1], f"the index of {name}"))
    if not 0 <= index <= last:
        refuse(args[1].span, f"{name} has the elements 0 to {last}, and no {index}")
    return _Where(found.offset + index * found.size, found.size, Type(), name)


# By offset


def _at(s: Scope, kind: Operand, offset: Operand) -> _Where:
    """So many bytes at an offset, which some field must have."""
    width = size_of(kind)
    at = signed(constant(s, offset, "the offset in the context"))
    if at < 0 or at % width:
        refuse(offset.span, f"{show(kind.form)} lies at a multiple of {width}; this is {at}")
    struct = STRUCT_OF.get(s.program.kind.type)
    return _Where(at, width) if struct is None else _inside(s, struct, _Where(at, width), offset)


def _inside(s: Scope, struct: str, where: _Where, offset: Operand) -> _Where:
    """The place, once it was found to be inside a field."""
    for name, one in members(struct).items():
        if not one.offset <= where.offset < end(one):
            continue
        if where.size > one.size or (where.size < one.size and (one.points or struct in _WHOLE)):
            spelled, bits = lisp_name(name), one.size * 8
            begin = where.offset - (where.offset - one.offset) % one.size
            refuse(
                offset.span,
                f"{where.size * 8} bits at {where.offset} are not those of {spelled}, which has "
                f"{bits}",
                f"write `(ctx u{bits} {begin})`",
            )
        kind = s.program.kind
        if name in hidden(kind.type, kind.attach):
            refuse(offset.span, f"the kernel keeps {name.replace('_', '-')} from {_called(s)} "
                   "programs")  # fmt: skip
        return _Where(where.offset, where.size, _POINTS[one.points], lisp_name(name))
    refuse(
        offset.span,
        f"there is no field at {where.offset}: struct {struct}, the context here, has "
        f"{size(struct)} bytes",
    )


_WHOLE = frozenset({"xdp_md", "sk_msg_md", "bpf_sockopt", "bpf_perf_event_data"})
"""Structs of whose fields no part is read alone."""

_IN_PARTS = frozenset({"cb"})
"""Fields of which a part may be written."""

# Reading and writing


def _load(s: Scope, where: _Where) -> Value:
    return s.b.load(s.b.context, Mem(where.offset, where.size), where.type)


def _read(s: Scope, args: list[Operand]) -> Value:
    where = _find(s, args)
    return _load(s, where)


def field_of(s: Scope, name: Symbol, span: Span) -> Value:
    """A field of the context by its name."""
    return _read(s, [Operand(name, span)])


def _place(s: Scope, args: list[Operand]) -> Place:
    where = _find(s, args)
    _check_written(s, where, args[0].span)

    def write(new: Value) -> None:
        s.b.store(s.b.context, Mem(where.offset, where.size), new)

    return Place(lambda: _load(s, where), write)


def _check_written(s: Scope, where: _Where, span: Span) -> None:
    """Refuse what programs of this kind only read."""
    kind = s.program.kind
    if kind.type in _WRITTEN:
        return
    allowed = writable(kind.type, kind.attach)
    if c_name(where.name) in allowed:
        whole = members(STRUCT_OF[kind.type])[c_name(where.name)].size
        if where.size < whole and where.name not in _IN_PARTS:
            part = f"{where.size * 8} of the {whole * 8} bits of {where.name}"
            refuse(span, f"{part} are not written alone", f"write u{whole * 8}, at its start")
        return
    listed = ", ".join(sorted(lisp_name(one) for one in allowed))
    notes = (f"it may write {listed}",) if listed else ()
    refuse(span, f"{_a(s)} program only reads {where.name or 'its context'}", *notes)


def _deprecated(name: str, instead: str, build: Callable[[Scope, list[Operand]], Value]) -> Rule:
    def noted(s: Scope, args: list[Operand]) -> Value:
        s.unit.note(s.b.span, f"{name} is deprecated: write `{instead}`")
        return build(s, args)

    usage = "type offset value" if name == "ctx-store" else "type offset"
    return Rule(usage, noted)


def _raw_load(s: Scope, args: list[Operand]) -> Value:
    size_of(args[0])
    return _read(s, args)


def _raw_store(s: Scope, args: list[Operand]) -> Value:
    size_of(args[0])
    into = _place(s, args[:2])
    new = value(s, args[2])
    into.write(new)
    return s.b.const(0)


# Registers


def _register(name: str) -> Callable[[Scope, list[Operand]], Value]:
    where = _Where(REGISTERS[name].offset, REGISTERS[name].size)

    def read(s: Scope, args: list[Operand]) -> Value:
        if s.program.kind.type not in (ProgType.KPROBE, ProgType.PERF_EVENT):
            refuse(
                s.b.span, f"{_a(s)} program is not given the CPU's registers",
                "programs of type :kprobe are",
            )  # fmt: skip
        return _load(s, where)

    return read


# Where the packet lies


def _packet(struct: str, field: str, example: str) -> Callable[[Scope, list[Operand]], Value]:
    def read(s: Scope, args: list[Operand]) -> Value:
        own = _struct(s)
        if own != struct:
            has = own is not None and c_name(field) in members(own)
            refuse(
                s.b.span,
                f"{_a(s)} program is given no {struct}, as one of type :{example} is",
                *((f"write `(ctx {field})`",) if has else ()),
            )
        return field_of(s, symbol(field), s.b.span)

    return read


FORMS.update(
    {
        "ctx": Rule("FIELD [index]", _read, _place),
        "ctx-load": _deprecated("ctx-load", "(ctx TYPE OFFSET)", _raw_load),
        "ctx-store": _deprecated("ctx-store", "(setf (ctx TYPE OFFSET) value)", _raw_store),
        "ctx-ptr": Rule("", lambda s, _: s.b.context),
        **{f"pt-regs-parm{at}": Rule("", _register(name)) for at, name in enumerate(ARGUMENTS, 1)},
        "pt-regs-ret": Rule("", _register(RESULT)),
        "xdp-data": Rule("", _packet("xdp_md", "data", "xdp")),
        "xdp-data-end": Rule("", _packet("xdp_md", "data-end", "xdp")),
        "tc-data": Rule("", _packet("__sk_buff", "data", "tc")),
        "tc-data-end": Rule("", _packet("__sk_buff", "data-end", "tc")),
    }
)
