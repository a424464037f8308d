"""A field of the context that is read behind calls, read before them.

needs: loads, so that a field is read once. keeps: blocks, and every effect in its order.

    v1: i64 = call "ktime_get_ns"              v2: i64 = load v0 [+8 u32]
    v2: i64 = load v0 [+8 u32]           →     v1: i64 = call "ktime_get_ns"

Where that is all that is still wanted of the context, it need not be kept across the calls: the
field, which has to be, is loaded into the register that the context would have taken.
"""

from __future__ import annotations

from kring.ir.core import I64, Fn, Op, Space, Value
from kring.ir.passes.cse import changes_ctx

_CALLS = frozenset((Op.CALL, Op.KFUNC, Op.ASM))


def early(fn: Fn) -> bool:
    """Whether a load moved before the first call."""
    body = fn.entry.body
    first = next((at for at, value in enumerate(body) if value.op in _CALLS), len(body))
    contexts = [param for param in fn.entry.params if param.type.space is Space.CTX]
    if not contexts or first == len(body):
        return False
    (context,) = contexts
    behind = _uses(fn, context, {*body[: first + 1]})
    if len(behind) != 1 or changes_ctx(body[first]):
        return False
    (load,) = behind
    if load.op is not Op.LOAD or load.type != I64 or load not in body[first:]:
        return False
    body.remove(load)
    body.insert(first, load)
    return True


def _uses(fn: Fn, context: Value, before: set[Value]) -> list[Value]:
    """The values behind those `before` that take the context; a terminator that does is one."""
    found = [value for value in fn.values() if context in value.args and value not in before]
    for block in fn.blocks:
        for edge in block.edges:
            if context in edge.args and block.end is not None:
                found.append(block.end)
    return found
