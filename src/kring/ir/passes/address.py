"""Constant distances into the access itself.

needs: fold, so that distances are one constant on the right. keeps: blocks, effects.

    v1: ptr.record = add v0 v9                 store v0 [+12 u32] v2
    store v1 [+4 u32] v2                  →
"""

from __future__ import annotations

from kring.ir.core import ACCESSES, Fn, Mem, Op, number, signed

_REACH = 0x7FFF


def address(fn: Fn) -> bool:
    """Whether an access took over the distance its pointer was moved by."""
    changed = False
    for value in fn.values():
        if value.op not in ACCESSES:
            continue
        mem = value.imm
        while isinstance(mem, Mem) and mem.core is None:
            pointer = value.args[0]
            by = number(pointer.args[1]) if pointer.op is Op.ADD else None
            if by is None or pointer.args[0].type.space is not pointer.type.space:
                break
            # [p + c, + d] = [p, + (c + d)]
            offset = mem.offset + signed(by)
            if not -_REACH <= offset <= _REACH - mem.size:
                break
            value.args[0] = pointer.args[0]
            value.imm = mem = Mem(offset, mem.size, mem.signed)
            changed = True
    return changed
