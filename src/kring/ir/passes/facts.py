"""What a branch taken tells about the values tested.

needs: fold, so that comparisons have their constant right. keeps: blocks and edges.

    br v1 b1 b2                    br v1 b1 b2
    b2:                            b2:
      store v0 [+0 u32] v1    →      store v0 [+0 u32] v2     # const 0
      br v1 b3 b4                    br v2 b3 b4
"""

from __future__ import annotations

from kring.ir.core import I64, ROWS, Block, Fn, Op, Value, number, signed
from kring.ir.graph import Dominance, dominance
from kring.ir.passes.sweep import INVERSE

Test = tuple[Op, Value | int, Value | int]
_SMALL = 1 << 31


def facts(fn: Fn) -> bool:
    """Whether any value turned out constant behind a branch."""
    return _Facts(fn).run()


def _test(op: Op, value: Value) -> Test:
    """A comparison by what it compares, so that two of the same kind are one."""
    left, right = (arg if number(arg) is None else number(arg) or 0 for arg in value.args)
    return op, left, right


class _Facts:
    """What is known where: on entering a block, a copy of what its parent in the tree knows."""

    def __init__(self, fn: Fn) -> None:
        self.fn = fn
        self.tree: Dominance = dominance(fn)
        self.consts: dict[Block, dict[Value, int]] = {}
        self.tests: dict[Block, dict[Test, bool]] = {}
        self.fresh: dict[int, Value] = {}
        self.changed = False

    def run(self) -> bool:
        if len(self.fn.blocks) < 2:
            return False
        for block in self.tree.order:
            self.enter(block)
            consts, tests = self.consts[block], self.tests[block]
            self.fresh = {}
            if tests or consts:
                for value in block.body:
                    self.replace(value.args, consts)
                    self.decide(value, tests)
                if block.end is not None:
                    self.replace(block.end.args, consts)
                    if block.end.op is Op.BR:
                        self.ask_again(block.end, tests)
            for i, edge in enumerate(block.edges):
                if edge.args:
                    more, known = self.learn(block, i)
                    self.replace(edge.args, consts | more, tests | known)
            block.body[:0] = self.fresh.values()
        return self.changed

    def enter(self, block: Block) -> None:
        parent = self.tree.parent[block]
        if parent is block:
            self.consts[block], self.tests[block] = {}, {}
            return
        consts, tests = self.consts[parent], self.tests[parent]
        for i, edge in enumerate(parent.edges):
            if edge.block is block and self.tree.edge_leads(parent, block):
                more, known = self.learn(parent, i)
                consts, tests = consts | more, tests | known
        self.consts[block], self.tests[block] = consts, tests

    def learn(self, block: Block, way: int) -> tuple[dict[Value, int], dict[Test, bool]]:
        """What holds on the way out of the block: constants, and comparisons."""
        end = block.end
        if end is None or end.op is not Op.BR or block.edges[0].block is block.edges[1].block:
            return {}, {}
        value, taken = end.args[0], way == 0
        consts: dict[Value, int] = {}
        tests: dict[Test, bool] = {(Op.NE, value, 0): taken, (Op.EQ, value, 0): not taken}
        if not taken:
            consts[value] = 0
        elif ROWS[value.op].compares:
            consts[value] = 1
        if ROWS[value.op].compares:
            tests[_test(value.op, value)] = taken
            if value.op in INVERSE:
                tests[_test(INVERSE[value.op], value)] = not taken
            if value.op is (Op.EQ if taken else Op.NE):
                right = number(value.args[1])
                if right is not None:
                    consts[value.args[0]] = right
        return consts, tests

    def ask_again(self, end: Value, tests: dict[Test, bool]) -> None:
        """A branch on what is known not to be 0, as pointers that were tested are."""
        if tests.get((Op.NE, end.args[0], 0)):
            const = self.fresh[1] = self.fresh.get(1) or self.fn.value(
                Op.CONST, imm=1, span=end.span
            )
            end.args = [const]
            self.changed = True

    def decide(self, value: Value, tests: dict[Test, bool]) -> None:
        if ROWS[value.op].compares and value.type == I64:
            truth = tests.get(_test(value.op, value))
            if truth is not None:
                value.op, value.args, value.imm = Op.CONST, [], int(truth)
                self.changed = True

    def replace(
        self, args: list[Value], consts: dict[Value, int], tests: dict[Test, bool] | None = None
    ) -> None:
        for i, arg in enumerate(args):
            known = consts.get(arg)
            if known is None and tests and ROWS[arg.op].compares:
                known = tests.get(_test(arg.op, arg))
            # Larger constants cost two slots where the value is already in a register.
            if known is None or arg.type != I64 or not -_SMALL <= signed(known) < _SMALL:
                continue
            imm = signed(int(known))
            if imm not in self.fresh:
                self.fresh[imm] = self.fn.value(Op.CONST, imm=imm, span=arg.span)
            args[i] = self.fresh[imm]
            self.changed = True
