"""Records of streams: reserved, submitted and discarded by hand or in one form, or copied whole.

A reservation is a token that the builder carries along each path, by the pointer that leads to the
record: what leaves the program with one is refused, or discards it where `with-ringbuf` made it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from kring.abi.uapi import BPF_F_CURRENT_CPU, MapType
from kring.decl.maps import RING_RECORD_HEADER, PlainMap
from kring.decl.struct import Struct
from kring.frontend.diagnose import refuse
from kring.frontend.lisp.expressions import FORMS, branch, effect, effects, optional, value
from kring.frontend.lisp.forms import (
    Cell,
    Form,
    Operand,
    Symbol,
    head,
    lisp_name,
    listed,
    operands,
    show,
    symbol,
)
from kring.frontend.lisp.memory import pointer, struct_size
from kring.frontend.lisp.scope import Rule, Scope
from kring.frontend.lisp.unit import options
from kring.frontend.lisp.variables import bind, hide
from kring.frontend.streams import count_drop
from kring.frontend.values import Token
from kring.ir.core import Space, Value
from kring.record import record


def _stream(s: Scope, arg: Operand, wanted: MapType) -> tuple[PlainMap, str]:
    declared, name = s.map(arg)
    if declared.type is not wanted:
        want, got = (lisp_name(kind.name) for kind in (wanted, declared.type))
        refuse(arg.span, f"{arg.form} is a map of type :{got}; this takes one of type :{want}")
    return declared, name


def _size(s: Scope, arg: Operand) -> tuple[int, type[Struct] | None]:
    """The bytes of a record, and its struct if they are told by that."""
    size = struct_size(s, arg, "the size of a record", 1 << 32)
    struct = s.unit.struct(operands(arg.form, arg.span)[1]) if head(arg.form) == "sizeof" else None
    return size, struct


@record(eq=False)
class _Reservation(Token):
    """A record that is reserved by one form and ended by another."""

    loose: ClassVar[bool] = True
    there: ClassVar[str] = "it is not 0"

    @property
    def end(self) -> str:
        return "write `(ringbuf-submit pointer)` or `(ringbuf-discard pointer)`"


@record(eq=False)
class _Transaction(_Reservation):
    """A record of `with-ringbuf`, which every path that stays in the form ends alike."""

    loose: ClassVar[bool] = False
    there: ClassVar[str] = "the form goes on"


def _reserve(s: Scope, args: list[Operand], kind: type[_Reservation] = _Reservation) -> Value:
    b, span = s.b, s.b.span
    declared, name = _stream(s, args[0], MapType.RINGBUF)
    size, struct = _size(s, args[1])
    if size > declared.max_entries - RING_RECORD_HEADER:
        room = declared.max_entries - RING_RECORD_HEADER
        refuse(args[1].span, f"a record of {size} bytes; {name} has room for one of {room}")
    flags = optional(s, args[2:])
    found = b.call("ringbuf_reserve", b.map(name), b.const(size), flags)
    token = kind(span, name, declared)
    s.tokens[found] = token
    b.held |= {token}
    s.records.append((name, found, size))
    if struct is not None:
        s.structs[found] = struct
    return found


def _end(how: str) -> Callable[[Scope, list[Operand]], Value]:
    def build(s: Scope, args: list[Operand]) -> Value:
        b = s.b
        record = value(s, args[0])
        if record.type.space is not Space.RECORD:
            refuse(args[0].span, f"{show(args[0].form)} is no record that was reserved")
        flags = optional(s, args[1:])
        _close(s, record, how, flags)
        return b.const(0)

    return build


def _close(s: Scope, record: Value, how: str, flags: Value) -> None:
    b, token = s.b, s.tokens.get(record)
    if token is not None and b.block is not None:
        if token not in b.held | b.forgiven:
            refuse(b.span, f"{token.text()} on line {token.span.line} ended before, on this path")
        b.held -= {token}
    b.call(f"ringbuf_{how}", record, flags)


def _output(s: Scope, args: list[Operand]) -> Value:
    b = s.b
    declared, name = _stream(s, args[0], MapType.RINGBUF)
    data = pointer(s, args[1])
    size, struct = _size(s, args[2])
    flags = optional(s, args[3:])
    result = b.call("ringbuf_output", b.map(name), data, b.const(size), flags)
    _sent(s, declared, name, data, size, struct, result)
    return result


def _sent(
    s: Scope,
    declared: PlainMap,
    name: str,
    data: Value,
    size: int,
    struct: type[Struct] | None,
    failed: Value,
) -> None:
    """Count a record that was lost, and keep in mind what it was."""
    b = s.b
    s.records.append((name, data, size))
    if struct is not None:
        s.structs.setdefault(data, struct)
    if declared.count_drops:
        lost, after = b.join(), b.join()
        b.branch(failed, lost, after)
        b.enter(lost)
        count_drop(b, declared, name)
        b.jump(after)
        b.enter(after)


def _perf_output(s: Scope, args: list[Operand]) -> Value:
    """`(perf-event-output context map flags pointer size)`, or without context and flags."""
    b, span = s.b, s.b.span
    full = len(args) == 5
    if len(args) == 4:
        refuse(span, "perf-event-output takes context and flags both, or neither")
    context = value(s, args[0]) if full else b.context
    if context.type.space is not Space.CTX:
        refuse(args[0].span, f"{show(args[0].form)} is not the context", "write `(ctx-ptr)`")
    declared, name = _stream(s, args[1 if full else 0], MapType.PERF_EVENT_ARRAY)
    flags = value(s, args[2]) if full else b.const(BPF_F_CURRENT_CPU)
    data = pointer(s, args[-2])
    size, struct = _size(s, args[-1])
    result = b.call("perf_event_output", context, b.map(name), flags, data, b.const(size))
    _sent(s, declared, name, data, size, struct, result)
    return result


def _with_ringbuf(s: Scope, args: list[Operand]) -> Value:
    b = s.b
    variable, map, size, *rest = _spec(args[0])
    given = options(rest, (":flags", ":submit-flags"))
    forms, otherwise = _branches(args[1:])
    submit = given.get(":submit-flags")
    flags = [given[":flags"]] if ":flags" in given else []
    reserved = _reserve(s, [map, size, *flags], _Transaction)
    token = s.tokens[reserved]
    inside, full, after = b.join(), b.join(), b.join()
    branch(s, reserved, inside, full)
    b.enter(inside)
    before = dict(s.names)
    assert isinstance(variable.form, Symbol)
    bind(s, variable.form, reserved, variable.span)
    s.transactions.append(reserved)
    effects(s, forms)
    if b.block is not None and token in b.held:
        _close(s, reserved, "submit", optional(s, [submit] if submit else []))
    s.transactions.pop()
    hide(s, before)
    b.jump(after)
    b.enter(full)
    effects(s, otherwise)
    b.jump(after)
    b.enter(after)
    return b.const(0)


def _spec(arg: Operand) -> list[Operand]:
    parts = operands(arg.form, arg.span)
    if len(parts) < 3 or not isinstance(parts[0].form, Symbol):
        refuse(
            arg.span,
            f"{show(arg.form)} does not say what to reserve",
            "write `(with-ringbuf (variable map size) form…)`",
        )
    return parts


def _branches(forms: list[Operand]) -> tuple[list[Operand], list[Operand]]:
    """The forms for a record, and those for a ring that is full."""
    if not forms or head(forms[-1].form) != ":else":
        return forms, []
    assert isinstance(forms[-1].form, Cell)
    return forms[:-1], operands(forms[-1].form.cdr, forms[-1].span)


# Process information


_Source = tuple["str | int | _Source", ...]
_FIELDS: dict[str, _Source] = {
    ":pid-field": ("cast", "u32", (">>", ("get-current-pid-tgid",), 32)),
    ":uid-field": ("cast", "u32", ("get-current-uid-gid",)),
    ":timestamp-field": ("ktime-get-ns",),
}
"""What each field is set to, in the order in which they are."""


def _form(source: _Source | str | int) -> Form:
    """The form, which stands where that stands that asks for it."""
    match source:
        case tuple():
            return listed(map(_form, source))
        case str():
            return symbol(source)
        case int():
            return source


def _fill_process_info(s: Scope, args: list[Operand]) -> Value:
    span = s.b.span
    given = options(args[1:], (*_FIELDS, ":comm-field", ":comm-size"))
    before = dict(s.names)
    hidden = symbol("<record>")
    bind(s, hidden, value(s, args[0]), span)
    for option, source in _FIELDS.items():
        if option in given:
            accessor = Operand(listed([_accessor(given[option]), hidden]), given[option].span)
            form = listed([symbol("setf"), accessor.form, _form(source)])
            effect(s, Operand(form, given[option].span))
    if ":comm-field" in given:
        at = given[":comm-field"]
        size = given[":comm-size"].form if ":comm-size" in given else 16
        target = listed([_accessor(at), hidden])
        effect(s, Operand(listed([symbol("get-current-comm"), target, size]), at.span))
    hide(s, before)
    return s.b.const(0)


def _accessor(arg: Operand) -> Symbol:
    """The name of an accessor, as it is or quoted."""
    form = arg.form
    if head(form) in ("function", "quote"):
        form = operands(form, arg.span)[1].form
    if not isinstance(form, Symbol):
        refuse(arg.span, f"{show(arg.form)} is no accessor of a field")
    return form


FORMS.update(
    {
        "ringbuf-reserve": Rule("map size [flags]", _reserve),
        "ringbuf-submit": Rule("pointer [flags]", _end("submit")),
        "ringbuf-discard": Rule("pointer [flags]", _end("discard")),
        "ringbuf-output": Rule("map pointer size [flags]", _output),
        "perf-event-output": Rule("[context] map [flags] pointer size", _perf_output),
        "with-ringbuf": Rule("(variable map size) [form…]", _with_ringbuf),
        "fill-process-info": Rule("pointer [option…]", _fill_process_info),
    }
)
