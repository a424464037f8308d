"""Calls of the kernel's helpers by their names, `(ktime-get-ns)`, by the kernel's prototypes.

In:  a helper and the operands of a form. Out: its call, after each operand was found to be what the
     verifier wants there, and what it gives.
"""

from __future__ import annotations

from functools import partial
from typing import ClassVar

from kring.abi.helpers import ACQUIRES, CHANGES_PACKET, HELPERS, VARIADIC, Helper
from kring.abi.uapi import MapType
from kring.decl.maps import PlainMap
from kring.frontend.diagnose import refuse
from kring.frontend.lisp.arguments import BUFFERS, Call, argument
from kring.frontend.lisp.expressions import FORMS
from kring.frontend.lisp.forms import Operand, lisp_name
from kring.frontend.lisp.scope import Rule, Scope
from kring.frontend.permits import MISSING, check_use
from kring.frontend.rounds import FOLLOWED
from kring.frontend.values import Gone, Lease, Num
from kring.ir.core import Space, Span, Value, number
from kring.record import record

_FORM_OF = {
    "map_lookup_elem": "(getmap map key)` or `(map-lookup map key)",
    "map_update_elem": "(setf (getmap map key) value)` or `(map-update map key value flags)",
    "map_delete_elem": "(remmap map key)` or `(map-delete map key)",
    **dict.fromkeys(
        ("ringbuf_reserve_dynptr", "ringbuf_submit_dynptr", "ringbuf_discard_dynptr"),
        "(ringbuf-reserve map size flags)` with a constant size",
    ),
    "loop": "(dotimes (i n) …)",
    "for_each_map_elem": "(getmap map key)` in a `(dotimes (key n) …)",
    "trace_vprintk": '(trace-printk "format" value…)',
}
"""Helpers that the language has a form for, and the form."""
_LOCKS = "maps of programs here hold no locks"


@record(eq=False)
class _Socket(Lease):
    """A socket that a lookup gave."""

    there: ClassVar[str] = "it is not 0"
    loose: ClassVar[bool] = True

    def text(self, where: str = "") -> str:
        return f"the socket that {self.stream} gave{where}"

    @property
    def end(self) -> str:
        return f"give it back: `({self.release} socket)`"


def rule_of(helper: Helper, name: str) -> Rule:
    """The row of a form that calls the helper."""
    return Rule("[argument…]", partial(_called, helper, name))


def _called(helper: Helper, name: str, s: Scope, args: list[Operand]) -> Value:
    span = s.b.span
    _check_meant(helper, name, span)
    check_use(s.program.kind, helper, span, name)
    call = Call(s, helper, name, span)
    _check_count(call, args)
    rest = iter(args)
    for at, kind in enumerate(helper.args):
        if kind == "size" and call.literal:
            call.values.append(s.b.const(call.literal))
        elif (arg := next(rest, None)) is None:
            break  # those that may be left out
        else:
            call.values.append(argument(call, at, kind, arg))
        if kind not in BUFFERS:
            call.literal = 0
    _check_values(call)
    return _result(call, s.b.call(helper.name, *call.values))


def _check_meant(helper: Helper, name: str, span: Span) -> None:
    if helper.name in _FORM_OF:
        refuse(span, f"{name} is not called by its name", f"write `{_FORM_OF[helper.name]}`")
    for kind in (*helper.args, helper.result):
        if (why := MISSING.get(kind, _LOCKS if kind == "lock" else "")) != "":
            refuse(span, f"{name} cannot be called from a program: {why}")


def _check_count(call: Call, args: list[Operand]) -> None:
    helper = call.helper
    most, strings = len(helper.args), 0
    for at, (kind, arg) in enumerate(zip(helper.args, args, strict=False)):
        if isinstance(arg.form, str) and kind == "in" and helper.args[at + 1 : at + 2] == ("size",):
            strings += 1
    least = helper.args.index("int") if helper.name in VARIADIC else most
    if least - strings <= len(args) <= most - strings:
        return
    given = f"{len(args)} operand{'s' * (len(args) != 1)}"
    shown = [
        "(ctx-ptr)" if kind == "ctx" else lisp_name(param)
        for kind, param in zip(helper.args, helper.params, strict=True)
    ]
    listed = " ".join([call.name, *shown])
    refuse(call.span, f"{call.name} is given {given}", f"write `({listed})`")


def _check_values(call: Call) -> None:
    """What a format shows are numbers of 64 bits, one behind the other."""
    if call.helper.name in _FORMATS and (number(call.values[-1]) or 0) % 8:
        refuse(call.span, f"{call.name} shows values of 8 bytes each", "give their bytes together")


_FORMATS = frozenset({"snprintf", "seq_printf", "trace_vprintk"})

# Results


def _result(call: Call, found: Value) -> Value:
    s, helper = call.s, call.helper
    if helper.name in CHANGES_PACKET:
        _forget_packet(call)
    if helper.struct:
        s.tags[found] = helper.struct
    if helper.name in ACQUIRES:
        held_socket(s, found, call.name, lisp_name(ACQUIRES[helper.name]))
    if helper.result in ("value", "value?") and call.map is not None:
        if isinstance(call.map.value, type):
            s.structs[found] = call.map.value
    return s.b.const(0) if helper.result == "void" else found


def held_socket(s: Scope, found: Value, giver: str, release: str) -> Value:
    """The socket that was found, which the program is to give back where there is one."""
    token = _Socket(found.span or s.program.span, giver, _NO_STREAM, release, lambda _: None)
    s.tokens[found] = token
    s.b.held |= {token}
    return found


_NO_STREAM = PlainMap(MapType.HASH, None, None, 0)
"""What stands for the stream of something that is none."""


def _forget_packet(call: Call) -> None:
    """The packet may lie elsewhere now: variables that led into it lead nowhere."""
    b = call.s.b
    for variable, val in b.env.items():
        if isinstance(val, Num) and val.value.type.space in (Space.PACKET, Space.PACKET_END):
            b.env[variable] = Gone(call.span, f"left behind by {call.name}", "pointer")


# Forms that are more than a call


def _tail_call(s: Scope, args: list[Operand]) -> Value:
    """Go on with the program of an index; if there is none, go on here with 0."""
    span, b = s.b.span, s.b
    helper = HELPERS["tail_call"]
    check_use(s.program.kind, helper, span, "tail-call")
    call = Call(s, helper, "tail-call", span)
    jumps, index = argument(call, 1, "map", args[0]), argument(call, 2, "int", args[1])
    for token in b.held - b.forgiven:
        refuse(
            span,
            f"{token.text()} on line {token.span.line} is held here, and the program that is gone "
            "on with knows nothing of it",
            f"{token.end} first",
        )
    if s.iterators:
        refuse(
            span,
            "the kernel counts the loop that this is in, and the program that is gone on with "
            "knows nothing of it",
            f"go on behind the loop, or make it come round {FOLLOWED} times at the most",
        )
    b.call("tail_call", b.context, jumps, index)
    return b.const(0)


FORMS["tail-call"] = Rule("prog-array index", _tail_call)
