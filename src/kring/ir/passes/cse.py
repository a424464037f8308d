"""What was computed before is not computed again.

needs: fold, so that equal values look equal. keeps: blocks, and every effect in its order.

    v1: i64 = call "get_current_pid_tgid"        v1: i64 = call "get_current_pid_tgid"
    v2: i64 = lshr v1 v9                         v2: i64 = lshr v1 v9
    v3: i64 = call "get_current_pid_tgid"   →    …  uses of v4 are of v2
    v4: i64 = lshr v3 v9

Constants, maps and addresses of globals are cheaper made again than kept; a comparison is free
where its branch is.
"""

from __future__ import annotations

from kring.abi.helpers import KEEPS_CTX
from kring.ir.core import ROWS, Block, Fn, Op, Space, Type, Value, number
from kring.ir.graph import dominance, predecessors, substitute
from kring.ir.passes.dce import STABLE

Key = tuple[object, ...]


def cse(fn: Fn) -> bool:
    """Whether a value was found to be an earlier one."""
    tree = dominance(fn)
    loose = _before_changes(fn)
    seen: dict[Key, tuple[Value, Block]] = {}
    new: dict[Value, Value] = {}
    for block in tree.order:
        for value in block.body:
            if not _repeats(value, block not in loose):
                continue
            key = _key(value, new)
            found = seen.get(key)
            if found is not None and tree.dominates(found[1], block):
                new[value] = found[0]
            else:
                seen[key] = value, block
    for block in fn.blocks if new else ():
        block.body = [value for value in block.body if value not in new]
    substitute(fn, new)
    return bool(new)


def _repeats(value: Value, keeps_ctx: bool) -> bool:
    """Whether the same operation on the same operands gives the same again."""
    row = ROWS[value.op]
    if value.op is Op.CALL:
        return value.imm in STABLE and not value.args
    if value.op is Op.LOAD:
        return keeps_ctx and value.args[0].type.space is Space.CTX
    return row.pure and bool(value.args) and not row.compares


def _key(value: Value, new: dict[Value, Value]) -> Key:
    args: list[Value | int] = []
    for arg in value.args:
        arg = new.get(arg, arg)
        known = number(arg)
        args.append(arg if known is None else known)
    if ROWS[value.op].commutes:
        args.sort(key=lambda arg: arg.id if isinstance(arg, Value) else -1)
    return value.op, value.imm, value.type, *args


def _before_changes(fn: Fn) -> set[Block]:
    """The blocks from which something that may change the context can be reached."""
    found = {block for block in fn.blocks if any(map(changes_ctx, block.body))}
    work = list(found)
    preds = predecessors(fn) if work else {}
    while work:
        for before in preds[work.pop()]:
            if before not in found:
                found.add(before)
                work.append(before)
    return found


def changes_ctx(value: Value) -> bool:
    """Whether the value may change fields of the context."""
    if ROWS[value.op].modify is not None:
        return value.args[0].type.space is Space.CTX
    if value.op is Op.ASM:
        return True
    if value.op is Op.KFUNC or (value.op is Op.CALL and value.imm not in KEEPS_CTX):
        return any(arg.type == Type(Space.CTX) for arg in value.args)
    return False
