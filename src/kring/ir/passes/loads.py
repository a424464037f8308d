"""Loads of what every way here has loaded or stored.

needs: address, so that a place is one pointer and an offset. keeps: blocks, every effect.

    v4: i64 = load v1 [+9 u8]        v4: i64 = load v1 [+9 u8]
    br v5 b1 b2                      br v5 b1 b2
    b1:                          →   b1:
      v6: i64 = load v1 [+9 u8]        …  uses of v6 are of v4

Memory changes by stores to the same kind of memory that may overlap, and by calls; packets and
contexts only by calls that are given the context. Others may write map values at any time: reading
once what is read twice is one of the orders that could have been.
"""

from __future__ import annotations

from itertools import islice

from kring.abi.helpers import HELPERS
from kring.ir.core import ACCESSES, I64, ROWS, Block, Fn, GlobalRef, Mem, Op, Space, Type, Value
from kring.ir.graph import predecessors, reverse_postorder, substitute
from kring.ir.passes.dce import OBSERVERS

Place = tuple["Value | GlobalRef", Mem]
"""Where a load reads: its pointer, or the variable it points to, and what is accessed there."""
Known = dict[Place, Value]
"""Values whose low bits, as many as the access has, stand in memory."""

_KEPT = 64
"""Of how many places, the last ones, a block learns from those before it."""
_OWN = frozenset((Space.CTX, Space.PACKET))
"""Memory that a call leaves alone unless it is given the context."""


def loads(fn: Fn) -> bool:
    """Whether a load became the value it would load."""
    return _Loads(fn).run()


class _Loads:
    def __init__(self, fn: Fn) -> None:
        self.fn = fn
        self.new: dict[Value, Value] = {}
        self.changed = False

    def run(self) -> bool:
        preds = predecessors(self.fn)
        after: dict[Block, Known] = {}
        for block in reverse_postorder(self.fn):
            known = _common([after.get(pred) for pred in preds[block]])
            for value in block.body:
                self.step(value, known)
            after[block] = known
        for block in self.fn.blocks if self.new else ():
            block.body = [value for value in block.body if value not in self.new]
        substitute(self.fn, self.new)
        return self.changed or bool(self.new)

    def step(self, value: Value, known: Known) -> None:
        mem = value.imm
        match value.op:
            case Op.LOAD if isinstance(mem, Mem):
                self.load(value, mem, known)
            case op if op in ACCESSES and isinstance(mem, Mem):
                _overwrite(known, value.args[0], mem)
                if value.op is Op.STORE and mem.core is None:
                    known[_place(value.args[0], mem)] = self.final(value.args[1])
            case Op.CALL:
                _call(known, value)
            case _ if not ROWS[value.op].pure and value.op not in (Op.LOAD, Op.STACK):
                known.clear()
            case _:
                pass  # what is pure changes no memory

    def load(self, value: Value, mem: Mem, known: Known) -> None:
        place = _place(value.args[0], mem)
        held = known.setdefault(place, value)
        if held is value or held.type != value.type:
            return
        if mem.size == 8 or _extends_alike(held, mem):
            self.new[value] = held
        elif value.type == I64:
            value.op, value.imm = Op.SEXT if mem.signed else Op.ZEXT, mem.size * 8
            value.args = [held]
            self.changed = True

    def final(self, value: Value) -> Value:
        while value in self.new:
            value = self.new[value]
        return value


def _extends_alike(held: Value, mem: Mem) -> bool:
    """Whether the value is a load that has extended it as this one would."""
    imm = held.imm
    return (
        held.op is Op.LOAD
        and isinstance(imm, Mem)
        and (imm.size, imm.signed) == (mem.size, mem.signed)
    )


def _place(pointer: Value, mem: Mem) -> Place:
    variable = pointer.imm
    return variable if isinstance(variable, GlobalRef) else pointer, mem


def _common(ways: list[Known | None]) -> Known:
    """What is known on every way; nothing where one of them is yet to come."""
    if not ways or any(way is None for way in ways):
        return {}
    first, *rest = sorted((way for way in ways if way is not None), key=len)
    recent = islice(reversed(first.items()), _KEPT)
    return {
        place: value
        for place, value in reversed([*recent])
        if all(way.get(place) is value for way in rest)
    }


def _overwrite(known: Known, pointer: Value, mem: Mem) -> None:
    """Forget what may be in the bytes of a store."""
    written, start = _place(pointer, mem)[0], mem.offset
    for place in [place for place in known if may_be_one(_space(place), pointer.type.space)]:
        at, other = place
        apart = other.offset + other.size <= start or start + mem.size <= other.offset
        if at is not written or mem.core or other.core or not apart:
            del known[place]


def may_be_one(space: Space | None, other: Space | None) -> bool:
    """Whether two kinds of pointers can lead to the same byte; of some nothing is known."""
    return space is other or Space.MEM in (space, other)


def _space(place: Place) -> Space | None:
    pointer, _ = place
    return Space.VALUE if isinstance(pointer, GlobalRef) else pointer.type.space


def _call(known: Known, call: Value) -> None:
    helper = HELPERS.get(str(call.imm))
    if call.imm in OBSERVERS:
        return
    kept = _OWN
    if helper is None or any(arg.type == Type(Space.CTX) for arg in call.args):
        kept = frozenset[Space]()
    for arg, kind in zip(call.args, helper.args if helper else (), strict=False):
        if kind == "out":
            kept -= {arg.type.space}
    for place in [place for place in known if _space(place) not in kept]:
        del known[place]
