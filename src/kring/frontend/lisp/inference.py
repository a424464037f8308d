"""The type that a variable has by what it begins with: how many bytes of it count in memory."""

from __future__ import annotations

from kring.frontend.lisp.constants import SIZES
from kring.frontend.lisp.forms import Cell, Operand, Symbol, head
from kring.frontend.lisp.scope import Scope

_TYPED = frozenset({"load", "core-load", "core-ctx-load", "ctx-load", "ctx", "cast", "kernel-load"})
"""Forms whose first operand may be their type."""
_RESULTS = {
    "ntohs": "u16",
    "htons": "u16",
    "ntohl": "u32",
    "htonl": "u32",
    "get-prandom-u32": "u32",
    "get-smp-processor-id": "u32",
}


def type_of(s: Scope, init: Operand | None) -> str:
    """The type of a form's value, `u64` where nothing tells."""
    form = init.form if init else None
    name = head(form)
    if isinstance(form, Symbol) and form in s.names:
        return s.types.get(s.names[form], "u64")
    if name in _TYPED and isinstance(form, Cell) and isinstance(form.cdr, Cell):
        first = form.cdr.car
        if isinstance(first, Symbol) and first.name in SIZES:
            return first.name
    return _RESULTS.get(name, "u64")
