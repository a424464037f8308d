"""Values that nothing needs.

needs: nothing. keeps: blocks and edges, but for parameters nobody reads; every effect.

    v3: i64 = fetch_add v1 [+0 u64] v2      →      atomic_add v1 [+0 u64] v2
"""

from __future__ import annotations

from kring.ir.core import ROWS, Fn, Op, Value
from kring.ir.graph import predecessors

STABLE = frozenset(
    (
        "get_current_pid_tgid",
        "get_current_uid_gid",
        "get_current_task",
        "get_current_task_btf",
        "get_current_cgroup_id",
        "get_smp_processor_id",
    )
)
"""Helpers that answer the same throughout one run: it neither migrates nor changes task."""
OBSERVERS = STABLE | {"ktime_get_ns", "ktime_get_boot_ns", "ktime_get_coarse_ns", "jiffies64"}
"""Helpers that change nothing."""


def removable(value: Value) -> bool:
    """Whether leaving the value out changes nothing but its own result."""
    if value.op is Op.CALL:
        return value.imm in OBSERVERS
    return ROWS[value.op].pure or value.op in (Op.LOAD, Op.STACK)


def dce(fn: Fn) -> bool:
    """Whether anything was removed."""
    needed = _needed(fn)
    changed = False
    for block in fn.blocks:
        body = [value for value in block.body if value in needed]
        changed |= len(body) < len(block.body)
        block.body = body
    changed |= _blind(fn)
    preds = predecessors(fn)
    for block in fn.blocks[1:]:
        keep = [param in needed for param in block.params]
        if not all(keep):
            changed = True
            block.params = [param for param, kept in zip(block.params, keep, strict=True) if kept]
            for pred in dict.fromkeys(preds[block]):
                for edge in pred.edges:
                    if edge.block is block:
                        pairs = zip(edge.args, keep, strict=True)
                        edge.args = [arg for arg, kept in pairs if kept]
    return changed


def _blind(fn: Fn) -> bool:
    """Whether an atomic whose result nobody reads was changed to the one without."""
    fetching = [v for block in fn.blocks for v in block.body if ROWS[v.op].blind is not None]
    if not fetching:
        return False
    read = {arg for value in fn.values() for arg in value.args}
    read.update(arg for block in fn.blocks for edge in block.edges for arg in edge.args)
    changed = False
    for value in fetching:
        blind = ROWS[value.op].blind
        if value not in read and blind is not None:
            value.op = blind
            changed = True
    return changed


def _needed(fn: Fn) -> set[Value]:
    """The values that an effect or a terminator needs, through operands and parameters."""
    passed: dict[Value, list[Value]] = {}
    work: list[Value] = []
    for block in fn.blocks:
        work += [value for value in block.body if not removable(value)]
        if block.end is not None:
            work += block.end.args
        for edge in block.edges:
            for param, arg in zip(edge.block.params, edge.args, strict=True):
                passed.setdefault(param, []).append(arg)
    needed = set(work)
    while work:
        value = work.pop()
        for arg in (*value.args, *passed.get(value, ())):
            if arg not in needed:
                needed.add(arg)
                work.append(arg)
    return needed
