"""Loads of what was just stored.

needs: address, so that offsets are constant. keeps: blocks, and every effect in its order.

    store v4 [+8 u32] v7                  store v4 [+8 u32] v7
    v9: i64 = load v4 [+8 u32]      →     v9: i64 = zext 32 v7

Only own memory is followed, into blocks with one way in. Past a call only constants are: another
value would have to be kept in a register that calls leave alone.
"""

from __future__ import annotations

from kring.ir.core import I64, Block, Fn, Mem, Op, Value, number
from kring.ir.graph import predecessors, reverse_postorder, substitute
from kring.ir.passes.memory import Act, Base, Memory, memory

Known = dict[tuple[Base, int, int], Value]
"""What stands in a stretch of bytes: its piece, its bits, its size; in the low bits of a value."""


def forward(fn: Fn) -> bool:
    """Whether a load became the value it would load."""
    own = memory(fn)
    if not own.accesses:
        return False
    preds = predecessors(fn)
    after: dict[Block, Known] = {}
    new: dict[Value, Value] = {}
    changed = False
    for block in reverse_postorder(fn):
        before = preds[block]
        known = dict(after.get(before[0], {})) if len(before) == 1 else {}
        for value in block.body:
            changed |= _step(value, own, known, new)
        after[block] = known
    substitute(fn, new)
    return changed


def _step(value: Value, own: Memory, known: Known, new: dict[Value, Value]) -> bool:
    accesses = own.accesses.get(value, ())
    mem = value.imm
    if value.op is Op.LOAD and accesses and isinstance(mem, Mem):
        _, base, bits = accesses[0]
        if bits.bit_count() != mem.size:
            return False
        found = known.get((base, bits, mem.size))
        if found is not None:
            return _take(value, mem, found, new)
        known[base, bits, mem.size] = value
        return False
    if value.op in (Op.CALL, Op.KFUNC):
        for place in [place for place, held in known.items() if number(held) is None]:
            del known[place]
    for act, _, bits in accesses:
        if act is not Act.READ:
            for place in [place for place in known if place[1] & bits]:
                del known[place]
    if value.op is Op.STORE and accesses and isinstance(mem, Mem):
        act, base, bits = accesses[0]
        if act is Act.WRITE and bits.bit_count() == mem.size:
            known[base, bits, mem.size] = value.args[1]
    return False


def _take(load: Value, mem: Mem, held: Value, new: dict[Value, Value]) -> bool:
    if mem.size == 8:
        if held.type == load.type:
            new[load] = held
        return held.type == load.type
    if held.type != I64 or load.type != I64:
        return False
    load.op, load.args, load.imm = Op.SEXT if mem.signed else Op.ZEXT, [held], mem.size * 8
    return True
