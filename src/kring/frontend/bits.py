"""Bit fields of kernel structs, wherever the target has them.

Its bytes are loaded as the target lays them out, then shifted up to the top and down again: the
same sequence as clang makes of BPF_CORE_READ_BITFIELD. How many bytes that are is known only at
load, so there is a load of each width, of which the verifier keeps one.
"""

from __future__ import annotations

from kring.decl.types import Bits
from kring.frontend.builder import Builder
from kring.frontend.values import Num
from kring.frontend.walk import ask, field_address, probe
from kring.ir.core import Core, Mem, Op, Space, Value

_RESULT = "<bits>"


def load_bits(b: Builder, base: Value, core: Core, kind: Bits) -> Value:
    """The number in a bit field, signed if the target has it so."""
    if base.type.space is Space.BTF:
        whole = _load(b, base, core, kind.unit.size)
    else:
        whole = b.load(probe(b, base, core), Mem(0, 8))
    top = b.emit(Op.SHL, whole, ask(b, core, "lshift"))
    signed, unsigned, after = b.join(), b.join(), b.join()
    b.branch(ask(b, core, "signed"), signed, unsigned)
    for way, op in ((signed, Op.ASHR), (unsigned, Op.LSHR)):
        b.enter(way)
        b.env[_RESULT] = Num(b.emit(op, top, ask(b, core, "rshift")))
        b.jump(after)
    b.enter(after)
    return _result(b)


def _load(b: Builder, base: Value, core: Core, likely: int) -> Value:
    """The aligned bytes that hold the field, of which there are 1, 2, 4 or 8."""
    place, size, after = field_address(b, base, core), ask(b, core, "size"), b.join()
    *others, last = sorted((1, 2, 4, 8), key=lambda width: width != likely)
    for width in others:
        found, following = b.join(), b.join()
        b.branch(b.emit(Op.EQ, size, b.const(width)), found, following)
        b.enter(found)
        b.env[_RESULT] = Num(b.load(place, Mem(0, width)))
        b.jump(after)
        b.enter(following)
    b.env[_RESULT] = Num(b.load(place, Mem(0, last)))
    b.jump(after)
    b.enter(after)
    return _result(b)


def _result(b: Builder) -> Value:
    found = b.env.pop(_RESULT, None)
    return found.value if isinstance(found, Num) else b.const(0)
