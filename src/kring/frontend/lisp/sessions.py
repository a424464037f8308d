"""Code for a loader of its own that a file has beside its programs, and that is not run here.

    (with-bpf-session ()
      (bpf:map counts :type :hash …)       a defmap
      (bpf:prog watch (:type :xdp) …)      a defprog
      (bpf:attach watch "eth0") …)         what the loader does with them

A function that has such a session declares what it does, and calls of it do nothing.
"""

from __future__ import annotations

from kring.frontend.lisp.forms import Cell, Operand, head, symbol
from kring.frontend.lisp.toplevel import TOPLEVEL, define
from kring.frontend.lisp.unit import Unit
from kring.ir.core import Span

_DECLARED = {"map": symbol("defmap"), "prog": symbol("defprog")}


def _session(unit: Unit, args: list[Operand], span: Span) -> None:
    for arg in args[1:]:
        if head(arg.form) in _DECLARED:
            assert isinstance(arg.form, Cell)
            name = _DECLARED[head(arg.form)]
            define(unit, Operand(Cell(name, arg.form.cdr, arg.form.at, arg.span), arg.span))
    _loader(unit, args, span)


def _loader(unit: Unit, args: list[Operand], span: Span) -> None:
    unit.note(span, "what loads and attaches here is not run: `kring run` does it, by the sections")


TOPLEVEL["with-bpf-session"] = ("options [form…]", _session)
TOPLEVEL["with-bpf-object"] = ("(variable path) [form…]", _loader)
