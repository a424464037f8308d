"""Comparisons that the possible values of their operands decide.

needs: fold, so that constants are on the right; loads, so that equal fields are one value.
keeps: blocks and edges, every effect.

    v2: i64 = and v1 15                      v2: i64 = and v1 15
    v3: i64 = ult v2 5                       v3: i64 = ult v2 5
    br v3 b9 b1                              br v3 b9 b1
    b1:                                →     b1:
      v4: i64 = add (shl v2 2) -20             v4: i64 = add (shl v2 2) -20     # 0 to 40
      v5: i64 = ule v4 65535                   v5: i64 = const 1

A range says as much as the verifier knows for itself, and no more: a bound that it needs stays.
"""

from __future__ import annotations

from collections.abc import Callable

from kring.ir.core import I64, MASK, ROWS, Block, Fn, Mem, Op, Value, number, signed
from kring.ir.graph import Dominance, dominance
from kring.ir.passes.sweep import INVERSE, MIRROR

Range = tuple[int, int, int, int]
"""Least and greatest as an unsigned number, least and greatest as a signed one."""

MAX_OFFSET = 0xFFFF
"""How far into a packet the verifier follows a variable distance (MAX_PACKET_OFF)."""
_TOP, _BOTTOM = (1 << 63) - 1, -(1 << 63)
_ANY: Range = (0, MASK, _BOTTOM, _TOP)


def ranges(fn: Fn) -> bool:
    """Whether a comparison turned out to be constant."""
    return len(fn.blocks) > 1 and Ranges(fn).run()


class Ranges:
    """`known` holds in the block being visited; what a branch adds is undone behind it.

    `steps` are the sums whose right operand is, where they are computed, a distance that the
    verifier takes for a packet pointer; of `splits` it is itself the sum of such a distance and a
    constant.
    """

    def __init__(self, fn: Fn) -> None:
        self.fn = fn
        self.tree: Dominance = dominance(fn)
        self.known: dict[Value, Range] = {}
        self.steps: set[Value] = set()
        self.splits: set[Value] = set()
        self.changed = False

    def run(self) -> bool:
        self.begin()
        below: dict[Block, list[Block]] = {block: [] for block in self.tree.order}
        for block in self.tree.order[1:]:
            below[self.tree.parent[block]].append(block)
        pending: list[Block | dict[Value, Range | None]] = [self.fn.entry]
        while pending:
            step = pending.pop()
            if isinstance(step, dict):
                self.undo(step)
                continue
            pending.append(self.visit(step))
            pending += below[step]
        return self.changed

    def begin(self) -> None:
        """What is so wherever a value is known, parameters included."""
        done: set[Block] = set()
        for block in self.tree.order:
            if block.params and done.issuperset(self.tree.preds[block]):
                for at, param in enumerate(block.params):
                    self.known[param] = self.join(block, at)
            for value in block.body:
                self.known[value] = self.range(value)
            done.add(block)

    def join(self, block: Block, at: int) -> Range:
        found: list[Range] = []
        for pred in dict.fromkeys(self.tree.preds[block]):
            found += [self.of(edge.args[at]) for edge in pred.edges if edge.block is block]
        if not found:
            return _ANY
        ulows, uhighs, slows, shighs = zip(*found, strict=True)
        return min(ulows), max(uhighs), min(slows), max(shighs)

    def of(self, value: Value) -> Range:
        constant = number(value)
        if constant is not None:
            return constant, constant, signed(constant), signed(constant)
        return self.known.get(value, _ANY)

    def range(self, value: Value) -> Range:
        rule = _RULES.get(value.op)
        if value.type != I64 or rule is None:
            return (0, 1, 0, 1) if ROWS[value.op].compares else _ANY
        return rule(value, [self.of(arg) for arg in value.args])

    def visit(self, block: Block) -> dict[Value, Range | None]:
        """What to undo when all that the block dominates has been visited."""
        old: dict[Value, Range | None] = {}
        parent = self.tree.parent[block]
        for way, edge in enumerate(parent.edges) if parent is not block else ():
            if edge.block is block and self.tree.edge_leads(parent, block):
                self.learn(parent, way, old)
        for value in block.body:
            if ROWS[value.op].compares and value.type == I64:
                truth = _decide(value.op, *(self.of(arg) for arg in value.args))
                if truth is not None:
                    value.op, value.args, value.imm = Op.CONST, [], int(truth)
                    self.changed = True
            elif value.args:
                self.narrow(value, self.range(value), old)
                if value.op is Op.ADD:
                    self.measure(value)
        return old

    def measure(self, value: Value) -> None:
        by = value.args[1]
        if self.of(by)[1] <= MAX_OFFSET:
            self.steps.add(value)
        if by.op is Op.ADD and number(by.args[1]) is not None:
            if self.of(by.args[0])[1] <= MAX_OFFSET:
                self.splits.add(value)

    def undo(self, old: dict[Value, Range | None]) -> None:
        for value, before in old.items():
            if before is None:
                del self.known[value]
            else:
                self.known[value] = before

    def narrow(self, value: Value, by: Range, old: dict[Value, Range | None]) -> None:
        before = self.of(value)
        now = _both(before, by)
        if now != before and number(value) is None:
            old.setdefault(value, self.known.get(value))
            self.known[value] = now

    def learn(self, block: Block, way: int, old: dict[Value, Range | None]) -> None:
        """What holds on a way out of the block."""
        end = block.end
        if end is None or end.op is not Op.BR or block.edges[0].block is block.edges[1].block:
            return
        test = end.args[0]
        op = test.op if way == 0 else INVERSE.get(test.op)
        if not ROWS[test.op].compares:
            if test.type == I64:
                self.narrow(test, (1, MASK, _BOTTOM, _TOP) if way == 0 else (0, 0, 0, 0), old)
        elif op in _LEARN and test.args[0].type == I64:
            a, b = test.args
            left, right = self.of(a), self.of(b)
            self.narrow(a, _LEARN[op](right), old)
            self.narrow(b, _LEARN[MIRROR.get(op, op)](left), old)


def _both(one: Range, other: Range) -> Range:
    """What is in both, and what one of the readings says about the other."""
    ulow, uhigh = max(one[0], other[0]), min(one[1], other[1])
    slow, shigh = max(one[2], other[2]), min(one[3], other[3])
    if slow >= 0:
        ulow, uhigh = max(ulow, slow), min(uhigh, shigh)
    if uhigh <= _TOP:
        slow, shigh = max(slow, ulow), min(shigh, uhigh)
    if ulow > uhigh or slow > shigh:
        return one  # no way leads here
    return ulow, uhigh, slow, shigh


def _unsigned(low: int, high: int) -> Range:
    """A range by its unsigned bounds; anything if they are beyond 64 bits."""
    if low < 0 or high > MASK:
        return _ANY
    return _both(_ANY, (low, high, _BOTTOM, _TOP))


def _signed(low: int, high: int) -> Range:
    if low < _BOTTOM or high > _TOP:
        return _ANY
    return _both(_ANY, (0, MASK, low, high))


# -- operations


def _load(value: Value, _: list[Range]) -> Range:
    mem = value.imm
    if not isinstance(mem, Mem) or mem.size == 8:
        return _ANY
    bits = mem.size * 8
    return _sext_range(bits) if mem.signed else _unsigned(0, (1 << bits) - 1)


def _sext_range(bits: int) -> Range:
    return _signed(-(1 << bits - 1), (1 << bits - 1) - 1)


def _extend(value: Value, args: list[Range]) -> Range:
    bits = value.imm if isinstance(value.imm, int) else 64
    if value.op is Op.ZEXT:
        whole = _unsigned(0, (1 << bits) - 1)
        return _both(whole, args[0]) if args[0][1] < 1 << bits else whole
    whole = _sext_range(bits)
    return _both(whole, args[0]) if whole[2] <= args[0][2] and args[0][3] <= whole[3] else whole


def _add(_: Value, args: list[Range]) -> Range:
    a, b = args
    return _both(_unsigned(a[0] + b[0], a[1] + b[1]), _signed(a[2] + b[2], a[3] + b[3]))


def _sub(_: Value, args: list[Range]) -> Range:
    a, b = args
    return _both(_unsigned(a[0] - b[1], a[1] - b[0]), _signed(a[2] - b[3], a[3] - b[2]))


def _mul(_: Value, args: list[Range]) -> Range:
    a, b = args
    return _unsigned(a[0] * b[0], a[1] * b[1])


def _and(_: Value, args: list[Range]) -> Range:
    return _unsigned(0, min(args[0][1], args[1][1]))


def _or(_: Value, args: list[Range]) -> Range:
    return _unsigned(0, (1 << max(args[0][1], args[1][1]).bit_length()) - 1)


def _shl(_: Value, args: list[Range]) -> Range:
    a, by = args
    return _unsigned(a[0] << by[0], a[1] << by[0]) if by[0] == by[1] < 64 else _ANY


def _lshr(_: Value, args: list[Range]) -> Range:
    a, by = args
    return _unsigned(a[0] >> by[0], a[1] >> by[0]) if by[0] == by[1] < 64 else _ANY


def _ashr(_: Value, args: list[Range]) -> Range:
    a, by = args
    return _signed(a[2] >> by[0], a[3] >> by[0]) if by[0] == by[1] < 64 else _ANY


_RULES: dict[Op, Callable[[Value, list[Range]], Range]] = {
    Op.LOAD: _load,
    Op.ZEXT: _extend,
    Op.SEXT: _extend,
    Op.ADD: _add,
    Op.SUB: _sub,
    Op.MUL: _mul,
    Op.AND: _and,
    Op.OR: _or,
    Op.XOR: _or,
    Op.SHL: _shl,
    Op.LSHR: _lshr,
    Op.ASHR: _ashr,
}

# -- comparisons

_LEARN: dict[Op, Callable[[Range], Range]] = {
    Op.EQ: lambda b: b,
    Op.ULT: lambda b: _unsigned(0, max(b[1] - 1, 0)),
    Op.ULE: lambda b: _unsigned(0, b[1]),
    Op.UGT: lambda b: _unsigned(min(b[0] + 1, MASK), MASK),
    Op.UGE: lambda b: _unsigned(b[0], MASK),
    Op.SLT: lambda b: _signed(_BOTTOM, max(b[3] - 1, _BOTTOM)),
    Op.SLE: lambda b: _signed(_BOTTOM, b[3]),
    Op.SGT: lambda b: _signed(min(b[2] + 1, _TOP), _TOP),
    Op.SGE: lambda b: _signed(b[2], _TOP),
}
"""What is known of x, from the range of y, where x and y compare so."""


def _decide(op: Op, a: Range, b: Range) -> bool | None:
    """Whether all of one range compares so with all of another; None if some do, some do not."""
    if op in (Op.EQ, Op.NE):
        apart = a[1] < b[0] or b[1] < a[0] or a[3] < b[2] or b[3] < a[2]
        return (op is Op.NE) if apart else None
    at = 0 if op in (Op.ULT, Op.ULE, Op.UGT, Op.UGE) else 2
    low_a, high_a, low_b, high_b = a[at], a[at + 1], b[at], b[at + 1]
    match op:
        case Op.ULT | Op.SLT:
            return True if high_a < low_b else False if low_a >= high_b else None
        case Op.ULE | Op.SLE:
            return True if high_a <= low_b else False if low_a > high_b else None
        case Op.UGT | Op.SGT:
            return True if low_a > high_b else False if high_a <= low_b else None
        case Op.UGE | Op.SGE:
            return True if low_a >= high_b else False if high_a < low_b else None
        case _:
            return None  # bits in common are not a matter of range
