"""Headers of packets: read by field, and found in the packet of an xdp or tc program.

(defheader vlan (tci :offset 0 :type u16 :net-order t)) (vlan-tci p)
(with-tcp (data end tcp) (tcp-dst-port tcp)) (when-let ((ip (parse-ipv4 data end))) …)

A header is where it is without options before it: a program that finds one looks at the types in
the headers before, and not at their lengths.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import NoReturn

from kring.abi.uapi import ProgType
from kring.frontend.diagnose import refuse
from kring.frontend.lisp.constants import CONSTANTS, SIZES
from kring.frontend.lisp.expressions import constant, give, taken, value
from kring.frontend.lisp.finish import finish
from kring.frontend.lisp.forms import Cell, Operand, Symbol, operands, show, symbol
from kring.frontend.lisp.headers import HEADERS, PROTOCOLS
from kring.frontend.lisp.memory import described, load, pointer
from kring.frontend.lisp.outcome import Wanted, either, last, meet, met
from kring.frontend.lisp.scope import Rule, Scope
from kring.frontend.lisp.toplevel import TOPLEVEL
from kring.frontend.lisp.unit import Unit, options
from kring.frontend.lisp.variables import bind, hide
from kring.ir.core import Op, Space, Span, Value, signed
from kring.record import record
from kring.spelling import article


def _reader(offset: int, size: int, swapped: bool) -> Rule:
    """The form that reads a field of a header."""

    def read(s: Scope, args: list[Operand]) -> Value:
        header = pointer(s, args[0])
        found = load(s, header, offset, size)
        return s.b.emit(Op.BSWAP, found, imm=size * 8) if swapped and size > 1 else found

    def written(s: Scope, args: list[Operand]) -> NoReturn:
        new = f"({_SWAPS[size]} value)" if swapped and size > 1 else "value"
        refuse(
            s.b.span,
            "fields of headers are only read by their names",
            f"write `(store u{size * 8} {show(args[0].form)} {offset} {new})`",
        )

    return Rule("pointer", read, written)


_SWAPS = {2: "htons", 4: "htonl", 8: "htonll"}


# Headers of a file's own


def defheader(unit: Unit, args: list[Operand], span: Span) -> None:
    """The fields of a header by offset and type."""
    name, *specs = args
    if not isinstance(name.form, Symbol):
        refuse(name.span, f"{show(name.form)} is no name for a header")
    if not specs:
        refuse(span, f"header {name.form} has no fields", f"write `(defheader NAME {_FIELD}…)`")
    for spec in specs:
        field, rule = _field(unit, spec)
        unit.form(f"{name.form}-{field}", rule, spec.span)


_FIELD = "(FIELD :offset N :type T [:net-order t])"
_FARTHEST = 0x7FF0


def _field(unit: Unit, spec: Operand) -> tuple[str, Rule]:
    first, *rest = operands(spec.form, spec.span) or [spec]
    if not isinstance(spec.form, Cell) or not isinstance(first.form, Symbol):
        refuse(spec.span, f"{show(spec.form)} is no field of a header", f"write `{_FIELD}`")
    given = options(rest, (":offset", ":type", ":net-order"))
    for option in (":offset", ":type"):
        if option not in given:
            refuse(spec.span, f"{first.form} has no {option}", f"write `{_FIELD}`")
    offset = unit.integer(given[":offset"], ":offset")
    if not 0 <= offset <= _FARTHEST:
        refuse(given[":offset"].span, f"an offset is from 0 to {_FARTHEST}, not {offset}")
    kind = given[":type"].form
    size = SIZES.get(kind.name.removeprefix(":")) if isinstance(kind, Symbol) else None
    if size is None:
        listed = " ".join(SIZES)
        refuse(given[":type"].span, f"{show(kind)} is no type of a field", f"there are: {listed}")
    swapped = ":net-order" in given and given[":net-order"].form is not None
    return first.form.name, _reader(offset, size, swapped)


# Where a header is in a packet


@record
class _Layer:
    """A header that is found in a packet: where it lies, where it ends, and which numbers at which
    places say that it is there."""

    start: int
    end: int
    tests: tuple[tuple[int, int, str], ...] = ()


_IPV4 = 12, 2, "+ethertype-ipv4+"
_PROTOCOL = 23
_LAYERS = {
    "eth": _Layer(0, 14),
    "ipv4": _Layer(14, 34, (_IPV4,)),
    "tcp": _Layer(34, 54, (_IPV4, (_PROTOCOL, 1, "+ip-proto-tcp+"))),
    "udp": _Layer(34, 42, (_IPV4, (_PROTOCOL, 1, "+ip-proto-udp+"))),
}


def _is(s: Scope, data: Value, test: tuple[int, int, str]) -> Value:
    """Whether the packet has a number at a place."""
    offset, size, name = test
    found = load(s, data, offset, size)
    if size > 1:
        found = s.b.emit(Op.BSWAP, found, imm=size * 8)
    return s.b.emit(Op.EQ, found, s.b.const(CONSTANTS[name]))


def _inside(s: Scope, data: Value, end: Value, size: int) -> Value:
    """Whether so many bytes are in the packet."""
    return s.b.emit(Op.ULE, s.b.at(data, size), end)


def _parse(name: str) -> Callable[[Scope, list[Operand]], Value]:
    """The header's address, or 0 where the packet has none."""
    layer = _LAYERS[name]

    def build(s: Scope, args: list[Operand]) -> Value:
        data, end = _bounds(s, args)
        b = s.b
        missing, after = b.join(), b.join()
        tests: list[Callable[[], Value]] = [partial(_inside, s, data, end, layer.end)]
        tests += [partial(_is, s, data, test) for test in layer.tests]
        for holds in tests:
            following = b.join()
            b.branch(holds(), following, missing)
            b.enter(following)
        give(s, b.at(data, layer.start), after)
        b.enter(missing)
        give(s, b.const(0), after)
        return taken(s, after)

    return build


def _bounds(s: Scope, args: list[Operand]) -> tuple[Value, Value]:
    """The packet's start and end, which two operands give."""
    found = [value(s, arg) for arg in args]
    for arg, one, space, field in zip(
        args, found, (Space.PACKET, Space.PACKET_END), ("data", "data-end"), strict=True
    ):
        if one.type.space is not space and s.b.block is not None:
            refuse(
                arg.span, f"{show(arg.form)} is {described(one)}",
                f"give what `(ctx {field})` gave",
            )  # fmt: skip
    return found[0], found[1]


# Forms that leave the program where the packet is too short


@record
class _Hook:
    """Programs that such forms are for: their types, an example, what they leave with."""

    types: tuple[ProgType, ...]
    example: str
    twin: str
    verdict: str


_XDP = _Hook((ProgType.XDP,), "xdp", "with-tc-", "xdp_pass")
_TC = _Hook((ProgType.SCHED_CLS, ProgType.SCHED_ACT), "tc", "with-", "tc_act_ok")


def _with(form: str, usage: str, hook: _Hook, layer: _Layer) -> Rule:
    """The body, where the packet is long enough and has the header; 0 where it has not."""

    def build(s: Scope, args: list[Operand], wanted: Wanted) -> Value:
        b, span, before = s.b, s.b.span, dict(s.names)
        _check_hook(s, form, hook, span)
        names = _names(form, layer, args[0])
        least = _least(s, args[0]) if form.endswith("packet") else layer.end
        data, end = (_context(s, field) for field in ("data", "data-end"))
        if least:
            long, short = b.join(), b.join()
            b.branch(_inside(s, data, end, least), long, short)
            b.enter(short)
            finish(s, b.const(CONSTANTS[hook.verdict]), span)
            b.enter(long)
        skipped, after = b.join(), b.join()
        for test in layer.tests:
            following = b.join()
            b.branch(_is(s, data, test), following, skipped)
            b.enter(following)
        for name, found in zip(names, (data, end, b.at(data, layer.start)), strict=False):
            assert isinstance(name.form, Symbol)
            bind(s, name.form, found, name.span)
        meet(s, wanted, last(s, args[1:], wanted), after)
        hide(s, before)
        b.enter(skipped)
        meet(s, wanted, b.const(0), after)
        return met(s, wanted, after)

    return either(usage, build)


def _check_hook(s: Scope, form: str, hook: _Hook, span: Span) -> None:
    kind = s.program.kind
    if kind.type in hook.types:
        return
    other = _TC if hook is _XDP else _XDP
    cure = f"write `{form.replace('with-tc-', 'with-').replace('with-', hook.twin)}`"
    refuse(
        span,
        f"{form} is for programs of type :{hook.example}; this is "
        f"{article(kind.name.replace('_', '-'))} program",
        *((cure,) if kind.type in other.types else ()),
    )


def _names(form: str, layer: _Layer, arg: Operand) -> list[Operand]:
    """The variables that a form binds."""
    wanted = ["data", "end", *([form.rpartition("-")[2]] if layer.tests else [])]
    found = operands(arg.form, arg.span)[: len(wanted)]
    listed = " ".join(wanted)
    given = operands(arg.form, arg.span)
    packet = form.endswith("packet")
    if len(found) < len(wanted) or (len(given) > len(wanted) and not packet):
        more = " [:min-len n]" if packet else ""
        refuse(
            arg.span,
            f"{form} binds {len(wanted)} variables",
            f"write `({form} ({listed}{more}) …)`",
        )
    for one in found:
        if not isinstance(one.form, Symbol):
            refuse(one.span, f"{show(one.form)} is no name for a variable")
    return found


def _least(s: Scope, arg: Operand) -> int:
    """How many bytes a packet must have; any number where nothing is said."""
    given = options(operands(arg.form, arg.span)[2:], (":min-len",))
    if ":min-len" not in given:
        return 0
    least = signed(constant(s, given[":min-len"], ":min-len"))
    if not 0 <= least <= _FARTHEST:
        refuse(given[":min-len"].span, f":min-len is from 0 to {_FARTHEST}, not {least}")
    return least


def _context(s: Scope, field: str) -> Value:
    from kring.frontend.lisp.context import field_of

    return field_of(s, symbol(field), s.b.span)


def _rows() -> Iterator[tuple[str, Rule]]:
    for header, fields in HEADERS.items():
        for spec in fields.split(", "):
            field, offset, kind = spec.split()
            rule = _reader(int(offset), SIZES[kind.rstrip("*")], kind.endswith("*"))
            yield f"{header}-{field}", rule
    for name in PROTOCOLS:
        yield f"parse-{name}", Rule("data end", _parse(name))
    for prefix, hook in (("with-", _XDP), ("with-tc-", _TC)):
        for name in ("packet", *PROTOCOLS):
            layer, form = _LAYERS.get(name, _LAYERS["eth"]), f"{prefix}{name}"
            usage = "(data end header) [form…]" if layer.tests else "(data end) [form…]"
            yield form, _with(form, usage, hook, layer)


ROWS: dict[str, Rule] = dict(_rows())
"""The forms of `headers.LIBRARY`."""
TOPLEVEL["defheader"] = ("NAME (FIELD :offset N :type T [:net-order t])…", defheader)
