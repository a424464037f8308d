"""Arrays in user space, element by element.

    (do-user-ptrs (p base count MAX [:index i]) form…)
    (do-user-array (v TYPE base count MAX [:index i]) form…)

Both become a `dotimes` of MAX rounds around a read of each element below `count`. Pointers that are
null are passed over; structs are read into one buffer on the stack.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TypeAlias

from kring.decl.struct import sizeof
from kring.frontend.diagnose import refuse
from kring.frontend.lisp.constants import SIZES
from kring.frontend.lisp.core import load_by
from kring.frontend.lisp.expressions import FORMS, effect
from kring.frontend.lisp.forms import Cell, Form, Operand, Symbol, operands, show, symbol
from kring.frontend.lisp.scope import Rule, Scope
from kring.ir.core import Span, Value

_BASE, _COUNT, _INDEX = Symbol("<base>"), Symbol("<count>"), Symbol("<index>")
"""Variables that no source can name."""
_Item: TypeAlias = "Operand | Form | list[_Item]"
_Expand = Callable[[Scope, list[Operand]], Form]


def _pointers(s: Scope, args: list[Operand]) -> Form:
    (variable, *rest), index = _loop(args[0], 4, "(p base count MAX [:index i])")
    at = args[0].span
    read = _list(at, "user-load", "u64", _at(at, index, 8))
    body = _list(at, "let", [[variable, read]], _list(at, "when", variable, *args[1:]))
    return _rounds(at, [], rest, index, body)


def _elements(s: Scope, args: list[Operand]) -> Form:
    (variable, kind, *rest), index = _loop(args[0], 5, "(v TYPE base count MAX [:index i])")
    at = args[0].span
    if isinstance(kind.form, Symbol) and kind.form.name in SIZES:
        place = _at(at, index, SIZES[kind.form.name])
        read = _list(at, "user-load", kind, place)
        return _rounds(at, [], rest, index, _list(at, "let", [[variable, kind, read]], *args[1:]))
    size = sizeof(s.unit.struct(kind))
    buffer: list[_Item] = [variable, _list(kind.span, f"make-{show(kind.form)}")]
    read = _list(at, "probe-read-user", variable, size, _at(at, index, size))
    return _rounds(at, [buffer], rest, index, read, *args[1:])


def _loop(spec: Operand, count: int, usage: str) -> tuple[list[Operand], Operand]:
    """The parts of what stands behind the name of the form, and the counter."""
    parts = operands(spec.form, spec.span) if isinstance(spec.form, Cell) else []
    given = {show(part.form) for part in parts[count::2]}
    if len(parts) not in (count, count + 2) or not given <= {":index"}:
        refuse(spec.span, f"{show(spec.form)} does not say what to read", f"write `{usage}`")
    names = [parts[0], *parts[count + 1 :]]
    for name in names:
        if not isinstance(name.form, Symbol):
            refuse(name.span, f"{show(name.form)} is no name for a variable")
    return parts[:count], names[1] if names[1:] else Operand(_INDEX, spec.span)


def _rounds(
    at: Span, bindings: list[_Item], rest: list[Operand], index: Operand, *body: _Item
) -> Form:
    base, count, most = rest
    inside = _list(at, "when", _list(at, "<", index, _COUNT), *body)
    loop = _list(at, "dotimes", [index, most], inside)
    return _list(at, "let", [[_BASE, base], [_COUNT, count], *bindings], loop)


def _at(at: Span, index: Operand, size: int) -> Form:
    return _list(at, "+", _BASE, _list(at, "*", index, size))


def _list(at: Span, *items: _Item) -> Form:
    """A list of forms, at a place; strings name forms and types of the language."""
    made: Form = None
    for position, item in reversed(list(enumerate(items))):
        form, span = item if isinstance(item, Operand) else (item, at)
        if isinstance(form, list):
            form = _list(at, *form)
        elif isinstance(form, str):
            form = symbol(form)
        made = Cell(form, made, span, None if position else at)
    return made


def _looped(expand: _Expand, s: Scope, args: list[Operand]) -> Value:
    """Build the loop; it is the same each time the program is built."""
    key, known = id(args[0].form), s.unit.expansions
    if key not in known:
        known[key] = args[0].form, expand(s, args)
    effect(s, Operand(known[key][1], s.b.span or args[0].span))
    return s.b.const(0)


_LOOPS: dict[str, tuple[str, _Expand]] = {
    "do-user-ptrs": ("(p base count MAX [:index i]) [form…]", _pointers),
    "do-user-array": ("(v TYPE base count MAX [:index i]) [form…]", _elements),
}
FORMS["user-load"] = Rule("type address [offset]", partial(load_by, "probe_read_user"))
FORMS.update(
    {name: Rule(usage, partial(_looped, expand)) for name, (usage, expand) in _LOOPS.items()}
)
