"""Constants and identities.

needs: nothing. keeps: blocks, and every effect in its order.

    v2: i64 = const 8             v2: i64 = const 8
    v3: i64 = mul v1 v2      →    v4: i64 = const 3
    v5: i64 = const 2             v3: i64 = shl v1 v4
    v6: i64 = add v2 v5           v6: i64 = const 10

Each rule is given a value whose operands are as simple as they get. It returns None if it does
not apply, the same value after changing it in place, or the value that replaces it.
"""

from __future__ import annotations

from collections.abc import Callable

from kring.ir.core import I64, MASK, ROWS, Block, Fn, Op, Type, Value, signed
from kring.ir.graph import predecessors, reverse_postorder, substitute
from kring.ir.passes.bits import Bits, can_be, ones, signed_range


def fold(fn: Fn) -> bool:
    """Whether any value became simpler."""
    return _Fold(fn).run()


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


def number(value: Value) -> int | None:
    """The unsigned constant that the value is, if it is one."""
    imm = value.imm
    return imm & MASK if value.op is Op.CONST and isinstance(imm, int) else None


class _Fold:
    """One sweep in reverse postorder, with what it has learnt so far."""

    def __init__(self, fn: Fn) -> None:
        self.fn = fn
        self.new: dict[Value, Value] = {}
        self.bits: Bits = {}
        self.changed = False
        self.body: list[Value] = []
        self.consts: dict[int, Value] = {}

    def run(self) -> bool:
        preds = predecessors(self.fn)
        done: set[Block] = set()
        for block in reverse_postorder(self.fn):
            if block.params and preds[block] and done.issuperset(preds[block]):
                self.join(block, preds[block])
            old = block.body
            block.body = self.body = []
            self.consts = {}
            for value in old:
                self.settle(value)
            self.end(block)
            done.add(block)
        substitute(self.fn, self.new)
        return self.changed

    def join(self, block: Block, preds: list[Block]) -> None:
        """What the parameters can be, once all blocks before are known."""
        for i, param in enumerate(block.params):
            bits = 0
            for pred in dict.fromkeys(preds):
                for edge in pred.edges:
                    if edge.block is block:
                        bits |= self.bits.get(edge.args[i], MASK)
            self.bits[param] = bits

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
        self.bits[value] = can_be(value, self.bits)
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
        for rule in _RULES.get(op, ()):
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
        self.bits[value] = can_be(value, self.bits)
        return value

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


def _become(value: Value, op: Op, args: list[Value], imm: int | None = None) -> Value:
    value.op, value.args, value.imm = op, args, imm
    return value


def _right(value: Value) -> int | None:
    return number(value.args[1])


def _neutral(neutral: int) -> Rule:
    """x ∘ neutral = x"""
    return lambda _, v: v.args[0] if _right(v) == neutral and v.args[0].type == v.type else None


def _absorbing(absorbing: int) -> Rule:
    """x ∘ absorbing = absorbing"""
    return lambda fold, v: fold.const(absorbing, v) if _right(v) == absorbing else None


def _same_is_zero(fold: _Fold, v: Value) -> Value | None:
    """x - x = x ^ x = 0"""
    return fold.const(0, v) if v.args[0] is v.args[1] else None


def _same_is_itself(_: _Fold, v: Value) -> Value | None:
    """x & x = x | x = x"""
    return v.args[0] if v.args[0] is v.args[1] else None


def _chain(fold: _Fold, v: Value) -> Value | None:
    """(x ∘ c) ∘ d = x ∘ (c ∘ d), for ∘ that associates"""
    inner, outer = v.args[0], _right(v)
    if inner.op is not v.op or outer is None:
        return None
    first, combine = _right(inner), ROWS[v.op].evaluate
    if first is None or combine is None or inner.args[0].type.space is not v.type.space:
        return None
    return _become(v, v.op, [inner.args[0], fold.const(combine([first, outer], 0), v)])


def _sub(fold: _Fold, v: Value) -> Value | None:
    """x - c = x + (-c);  0 - x = -x"""
    by = _right(v)
    if by is not None and v.args[0].type == v.type:
        return _become(v, Op.ADD, [v.args[0], fold.const(-by, v)])
    return _become(v, Op.NEG, [v.args[1]]) if number(v.args[0]) == 0 else None


def _mul(fold: _Fold, v: Value) -> Value | None:
    """x * 2ⁿ = x << n;  x * -1 = -x"""
    by = _right(v)
    if by == MASK:
        return _become(v, Op.NEG, [v.args[0]])
    if by and by & (by - 1) == 0:
        return _become(v, Op.SHL, [v.args[0], fold.const(by.bit_length() - 1, v)])
    return None


def _div(fold: _Fold, v: Value) -> Value | None:
    """x / 0 = 0;  x / 2ⁿ = x >> n"""
    by = _right(v)
    if by == 0:
        return fold.const(0, v)
    if by and by & (by - 1) == 0:
        return _become(v, Op.LSHR, [v.args[0], fold.const(by.bit_length() - 1, v)])
    return None


def _mod(fold: _Fold, v: Value) -> Value | None:
    """x mod 0 = x;  x mod 2ⁿ = x & (2ⁿ - 1)"""
    by = _right(v)
    if by and by & (by - 1) == 0:
        return _become(v, Op.AND, [v.args[0], fold.const(by - 1, v)])
    return v.args[0] if by == 0 else None


def _and(fold: _Fold, v: Value) -> Value | None:
    """x & mask = x if x has no bit outside;  x & ones(32) = zext 32 x, which needs no constant"""
    mask = _right(v)
    if mask == ones(32):
        return _become(v, Op.ZEXT, [v.args[0]], 32)
    if mask is not None and fold.bits.get(v.args[0], MASK) & ~mask == 0:
        return v.args[0]
    return None


def _shift(fold: _Fold, v: Value) -> Value | None:
    """(x << c) << d = x << (c + d), or 0 past 63 bits; likewise >>, where ashr stops at 63"""
    inner, by = v.args[0], _right(v)
    if by is not None and by > 63:
        return _become(v, v.op, [inner, fold.const(by & 63, v)])
    before = _right(inner) if inner.op is v.op else None
    if by is None or before is None or before > 63:
        return None
    if before + by > 63 and v.op is not Op.ASHR:
        return fold.const(0, v)
    return _become(v, v.op, [inner.args[0], fold.const(min(before + by, 63), v)])


def _shift_pair(_: _Fold, v: Value) -> Value | None:
    """(x << n) >> n = zext (64 - n) x, or sext for the arithmetic shift"""
    inner, by = v.args[0], _right(v)
    if inner.op is not Op.SHL or by is None or by != _right(inner) or by not in (32, 48, 56):
        return None
    return _become(v, Op.ZEXT if v.op is Op.LSHR else Op.SEXT, [inner.args[0]], 64 - by)


def _nothing_left(fold: _Fold, v: Value) -> Value | None:
    """x >> n = 0 if x has no bit above n"""
    by = _right(v)
    if by is not None and fold.bits.get(v.args[0], MASK) >> (by & 63) == 0:
        return fold.const(0, v)
    return None


def _neg(_: _Fold, v: Value) -> Value | None:
    """-(-x) = x"""
    return v.args[0].args[0] if v.args[0].op is Op.NEG else None


def _width(v: Value) -> int:
    return v.imm if isinstance(v.imm, int) else 64


def _zext(fold: _Fold, v: Value) -> Value | None:
    """zext n x = x if x has no bit above n;  zext n (ext m x) = zext n x if n ≤ m"""
    x, n = v.args[0], _width(v)
    if x.type == v.type and fold.bits.get(x, MASK) <= ones(n):
        return x
    if x.op in (Op.ZEXT, Op.SEXT) and n <= _width(x):
        return _become(v, Op.ZEXT, [x.args[0]], n)
    return None


def _sext(fold: _Fold, v: Value) -> Value | None:
    """sext n x = x if x is within n signed bits;  sext n (ext m x) = sext n x if n ≤ m"""
    x, n = v.args[0], _width(v)
    low, high = signed_range(x, fold.bits)
    if x.type == v.type and low >= -(1 << n - 1) and high < 1 << n - 1:
        return x
    if x.op in (Op.ZEXT, Op.SEXT) and n <= _width(x):
        return _become(v, Op.SEXT, [x.args[0]], n)
    return None


def _bswap(_: _Fold, v: Value) -> Value | None:
    """bswap n (bswap n x) = zext n x;  bswap n (ext m x) = bswap n x if n ≤ m"""
    x, n = v.args[0], _width(v)
    if x.op is Op.BSWAP and n == _width(x):
        return _become(v, Op.ZEXT, [x.args[0]], n)
    if x.op in (Op.ZEXT, Op.SEXT) and n <= _width(x):
        return _become(v, Op.BSWAP, [x.args[0]], n)
    return None


def _compare_same(fold: _Fold, v: Value) -> Value | None:
    """x = x, x ≤ x, not x < x"""
    evaluate = ROWS[v.op].evaluate
    if v.args[0] is not v.args[1] or evaluate is None:
        return None
    return fold.const(evaluate([0, 0], 0), v)


def _equal_null(fold: _Fold, v: Value) -> Value | None:
    """p = 0 never, for a pointer that is not null"""
    known = v.args[0].type
    if _right(v) == 0 and known.space is not None and not known.nullable:
        return fold.const(int(v.op is Op.NE), v)
    return None


def _equal_truth(_: _Fold, v: Value) -> Value | None:
    """(a ∘ b) ≠ 0 is a ∘ b itself;  (a ∘ b) = 0 its inverse; with 1 the other way round"""
    x, c = v.args[0], _right(v)
    if c not in (0, 1) or not ROWS[x.op].compares:
        return None
    if (v.op is Op.NE) == (c == 0):
        return x
    return _become(v, INVERSE[x.op], list(x.args)) if x.op in INVERSE else None


def _equal_bits(fold: _Fold, v: Value) -> Value | None:
    """x = c never, if c has a bit that x cannot have;  (x & y) ≠ 0 is x set y"""
    x, c = v.args[0], _right(v)
    if c is None:
        return None
    if c & ~fold.bits.get(x, MASK):
        return fold.const(int(v.op is Op.NE), v)
    if c == 0 and x.op is Op.AND and v.op is Op.NE:
        return _become(v, Op.SET, list(x.args))
    return None


def _equal_inverse(fold: _Fold, v: Value) -> Value | None:
    """x + c = d is x = d - c;  x ^ c = d is x = d ^ c;  x - y = 0 is x = y"""
    x, d = v.args[0], _right(v)
    if d is None or len(x.args) != 2 or x.type != I64:
        return None
    c = _right(x)
    if d == 0 and x.op in (Op.SUB, Op.XOR) and c is None:
        return _become(v, v.op, list(x.args))
    if c is None or x.args[0].type != I64 or x.op not in (Op.ADD, Op.XOR):
        return None
    return _become(v, v.op, [x.args[0], fold.const(d - c if x.op is Op.ADD else d ^ c, v)])


def _equal_bswap(fold: _Fold, v: Value) -> Value | None:
    """bswap n x = c is x = bswap n c, and bswap n x = bswap n y is x = y, for n bits wide x, y"""
    x, y = v.args
    if x.op is not Op.BSWAP or fold.bits.get(x.args[0], MASK) > ones(_width(x)):
        return None
    if y.op is Op.BSWAP and y.imm == x.imm and fold.bits.get(y.args[0], MASK) <= ones(_width(x)):
        return _become(v, v.op, [x.args[0], y.args[0]])
    c, swap = number(y), ROWS[Op.BSWAP].evaluate
    if c is None or swap is None:
        return None
    return _become(v, v.op, [x.args[0], fold.const(swap([c], _width(x)), v)])


def _in_order(fold: _Fold, v: Value) -> Value | None:
    """x < c is decided if it is the same for the least and the greatest x"""
    c, evaluate = _right(v), ROWS[v.op].evaluate
    if c is None or evaluate is None:
        return None
    if v.op in _UNSIGNED:
        ends = 0, ones(fold.bits.get(v.args[0], MASK).bit_length())
    else:
        ends = signed_range(v.args[0], fold.bits)
    low, high = (evaluate([end & MASK, c], 0) for end in ends)
    return fold.const(low, v) if low == high else None


def _order_is_equality(fold: _Fold, v: Value) -> Value | None:
    """unsigned: x < 1, x ≤ 0 is x = 0;  x ≥ 1, x > 0 is x ≠ 0"""
    for_c = {Op.ULT: 1, Op.ULE: 0, Op.UGE: 1, Op.UGT: 0}
    if _right(v) != for_c[v.op]:
        return None
    op = Op.EQ if v.op in (Op.ULT, Op.ULE) else Op.NE
    return _become(v, op, [v.args[0], fold.const(0, v)])


def _set(fold: _Fold, v: Value) -> Value | None:
    """x set y never without a common bit;  x set c is x ≠ 0 if x has no bit outside c"""
    x, y = (fold.bits.get(arg, MASK) for arg in v.args)
    if x & y == 0:
        return fold.const(0, v)
    c = _right(v)
    if (c is not None and x & ~c == 0) or v.args[0] is v.args[1]:
        return _become(v, Op.NE, [v.args[0], fold.const(0, v)])
    return None


Rule = Callable[[_Fold, Value], "Value | None"]

_UNSIGNED = frozenset((Op.ULT, Op.ULE, Op.UGT, Op.UGE))
_EQUAL = (
    _compare_same,
    _equal_null,
    _equal_truth,
    _equal_bits,
    _equal_bswap,
    _equal_inverse,
)
_ORDER = (_compare_same, _in_order)

_RULES: dict[Op, tuple[Rule, ...]] = {
    Op.ADD: (_neutral(0), _chain),
    Op.SUB: (_neutral(0), _same_is_zero, _sub),
    Op.MUL: (_neutral(1), _absorbing(0), _mul, _chain),
    Op.UDIV: (_neutral(1), _div),
    Op.UMOD: (_mod,),
    Op.AND: (_absorbing(0), _same_is_itself, _and, _chain),
    Op.OR: (_neutral(0), _absorbing(MASK), _same_is_itself, _chain),
    Op.XOR: (_neutral(0), _same_is_zero, _chain),
    Op.SHL: (_neutral(0), _shift),
    Op.LSHR: (_neutral(0), _shift, _shift_pair, _nothing_left),
    Op.ASHR: (_neutral(0), _shift, _shift_pair),
    Op.NEG: (_neg,),
    Op.ZEXT: (_zext,),
    Op.SEXT: (_sext,),
    Op.BSWAP: (_bswap,),
    Op.EQ: _EQUAL,
    Op.NE: _EQUAL,
    Op.SET: (_set,),
    **dict.fromkeys((Op.ULT, Op.ULE, Op.UGT, Op.UGE), (*_ORDER, _order_is_equality)),
    **dict.fromkeys((Op.SLT, Op.SLE, Op.SGT, Op.SGE), _ORDER),
}
"""The rules of each operation, in the order they are tried."""
