"""A sweep over a function that rewrites each value by the rules of its operation.

In: rules by operation. Out: whether any applied. A rule is given a value whose operands are as
simple as they get; it returns None if it does not apply, the same value after changing it in
place, or the value that replaces it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from kring.ir.core import I64, MASK, ROWS, Block, Fn, Op, Type, Value, number, signed
from kring.ir.graph import predecessors, reverse_postorder, substitute, use_counts
from kring.ir.passes.bits import UNSEEN, Bits, can_be, is_unseen, join_bits, join_unseen

INVERSE = {
    Op.EQ: Op.NE,
    Op.NE: Op.EQ,
    Op.ULT: Op.UGE,
    Op.UGE: Op.ULT,
    Op.ULE: Op.UGT,
    Op.UGT: Op.ULE,
    Op.SLT: Op.SGE,
    Op.SGE: Op.SLT,
    Op.SLE: Op.SGT,
    Op.SGT: Op.SLE,
}
"""The comparison that holds when this one does not; `set` has none."""

MIRROR = {
    Op.ULT: Op.UGT,
    Op.UGT: Op.ULT,
    Op.ULE: Op.UGE,
    Op.UGE: Op.ULE,
    Op.SLT: Op.SGT,
    Op.SGT: Op.SLT,
    Op.SLE: Op.SGE,
    Op.SGE: Op.SLE,
}
"""The comparison that says the same with its operands exchanged."""

_TURNS = frozenset((*MIRROR, *(op for op, row in ROWS.items() if row.commutes)))


class Sweep:
    """One sweep in reverse postorder; `bits` are those that values can have, `uses` how often
    they were operands when it began, `swapped` results of `bswap` that are for more than equality.
    Of the values in `unseen` the verifier does not know their bits: a mask or a test that bounds
    one stays."""

    def __init__(self, fn: Fn, rules: Mapping[Op, tuple[Rule, ...]]) -> None:
        self.fn = fn
        self.rules = rules
        self.new: dict[Value, Value] = {}
        self.bits: Bits = {}
        self.unseen: set[Value] = set()
        self.uses: dict[Value, int] = {}
        self.swapped: set[Value] = set()
        self.changed = False
        self.body: list[Value] = []
        self.consts: dict[int, Value] = {}

    def run(self) -> bool:
        self.uses = use_counts(self.fn)
        for value in self.fn.values():
            if value.op is not Op.EQ and value.op is not Op.NE:
                self.swapped.update(arg for arg in value.args if arg.op is Op.BSWAP)
        preds = predecessors(self.fn)
        done: set[Block] = set()
        for block in reverse_postorder(self.fn):
            if block.params and preds[block] and done.issuperset(preds[block]):
                join_bits(block, preds[block], self.bits)
                if self.unseen:
                    join_unseen(block, preds[block], self.unseen)
            old = block.body
            block.body = self.body = []
            self.consts = {}
            for value in old:
                self.settle(value)
            self.end(block)
            done.add(block)
        substitute(self.fn, self.new)
        return self.changed

    def settle(self, value: Value) -> None:
        args, new = value.args, self.new
        for i, arg in enumerate(args):
            if arg in new:
                args[i] = new[arg]
        while True:
            better = self.simpler(value)
            if better is None:
                break
            self.changed = True
            if better is not value:
                new[value] = better
                return
        self.body.append(value)
        self.known(value)
        if value.op is Op.CONST and value.type == I64 and isinstance(value.imm, int):
            self.consts.setdefault(value.imm & MASK, value)

    def simpler(self, value: Value) -> Value | None:
        op, args = value.op, value.args
        row = ROWS[op]
        if row.evaluate is None or not args:
            return None
        numbers = [number(arg) for arg in args]
        known = [n for n in numbers if n is not None]
        if len(known) == len(args) and value.type == I64:
            imm = value.imm if isinstance(value.imm, int) else 0
            return self.const(row.evaluate(known, imm), value)
        if len(args) == 2 and numbers[1] is None and numbers[0] is not None and op in _TURNS:
            value.op = MIRROR.get(op, op)
            args.reverse()
            return value
        for rule in self.rules.get(op, ()):
            better = rule(self, value)
            if better is not None:
                return better
        return None

    def const(self, imm: int, like: Value) -> Value:
        """The constant, in this block before the value being folded."""
        found = self.consts.get(imm & MASK)
        if found is None:
            found = self.emit(Op.CONST, [], signed(imm & MASK), like)
            self.consts[imm & MASK] = found
        return found

    def emit(
        self, op: Op, args: list[Value], imm: int | None, like: Value, type: Type = I64
    ) -> Value:
        value = self.fn.value(op, args, imm, type, like.span)
        self.body.append(value)
        self.known(value)
        return value

    def known(self, value: Value) -> None:
        """Note the bits of a value that is as simple as it gets."""
        self.bits[value] = can_be(value, self.bits)
        if self.unseen or value.op in UNSEEN:
            if is_unseen(value, self.bits, self.unseen):
                self.unseen.add(value)

    def end(self, block: Block) -> None:
        """Branches ask for a value itself rather than for its comparison with 0."""
        end = block.end
        if end is None or end.op is not Op.BR:
            return
        while True:
            test = end.args[0] = self.new.get(end.args[0], end.args[0])
            if test.op not in (Op.EQ, Op.NE) or number(test.args[1]) != 0:
                break
            # br (x != 0) = br x;  br (x == 0) = br x with its edges exchanged
            end.args[0] = test.args[0]
            if test.op is Op.EQ:
                block.edges.reverse()
            self.changed = True
        if test.op is Op.AND:
            # br (x & y) = br (x set y): one instruction
            end.args[0] = self.emit(Op.SET, list(test.args), None, test)
            self.changed = True


Rule = Callable[[Sweep, Value], "Value | None"]


def become(value: Value, op: Op, args: list[Value], imm: int | None = None) -> Value:
    """The same value as another operation."""
    value.op, value.args, value.imm = op, args, imm
    return value


def right(value: Value) -> int | None:
    """The constant on the right, if there is one."""
    return number(value.args[1])
