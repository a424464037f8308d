"""Constants and identities.

needs: nothing. keeps: blocks, and every effect in its order.

    v2: i64 = const 8             v2: i64 = const 8
    v3: i64 = mul v1 v2      →    v4: i64 = const 3
    v5: i64 = const 2             v3: i64 = shl v1 v4
    v6: i64 = add v2 v5           v6: i64 = const 10
"""

from __future__ import annotations

from kring.ir.core import Fn, Op
from kring.ir.passes.arithmetic import ARITHMETIC
from kring.ir.passes.comparisons import COMPARISONS
from kring.ir.passes.masks import MASKS
from kring.ir.passes.sweep import Rule, Sweep

_RULES: dict[Op, tuple[Rule, ...]] = {
    op: tuple(rule for table in (ARITHMETIC, COMPARISONS, MASKS) for rule in table.get(op, ()))
    for op in Op
}


def fold(fn: Fn) -> bool:
    """Whether any value became simpler."""
    return Sweep(fn, _RULES).run()
