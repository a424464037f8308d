"""Extensions and masks whose effect nobody looks at.

needs: fold, so that masks are constants. keeps: blocks, and every effect in its order.

    v2: i64 = load v0 [+8 i32]           v2: i64 = load v0 [+8 u32]
    v3: i64 = zext 16 v2            →    store v1 [+0 u16] v2
    store v1 [+0 u16] v3

A store looks at the bits it writes, an extension at those it extends; sums and products need no
bit above the highest wanted of them. One sweep from uses to definitions.
"""

from __future__ import annotations

from kring.ir.core import I64, MASK, ROWS, Block, Fn, Mem, Op, Value, number, signed
from kring.ir.graph import reverse_postorder, substitute
from kring.ir.passes.bits import ones


def demand(fn: Fn) -> bool:
    """Whether an extension or mask vanished, or a signed load became a plain one."""
    return _Demand(fn).run()


class _Demand:
    def __init__(self, fn: Fn) -> None:
        self.fn = fn
        self.wanted: dict[Value, int] = {}
        self.compared: dict[Value, list[tuple[Block, Value]]] = {}
        self.new: dict[Value, Value] = {}
        self.changed = False

    def run(self) -> bool:
        for block in reversed(reverse_postorder(self.fn)):
            for edge in block.edges:
                self.want_all(edge.args)
            if block.end is not None:
                self.want_all(block.end.args)
            for value in reversed(block.body):
                self.visit(block, value)
        substitute(self.fn, self.new)
        for block in self.fn.blocks if self.new else ():
            block.body = [value for value in block.body if value not in self.new]
        return self.changed or bool(self.new)

    def want_all(self, args: list[Value]) -> None:
        for arg in args:
            self.wanted[arg] = MASK

    def want(self, arg: Value, bits: int) -> None:
        self.wanted[arg] = self.wanted.get(arg, 0) | bits

    def visit(self, block: Block, value: Value) -> None:
        bits = self.wanted.get(value, 0)
        match value.op, value.args, value.imm:
            case ((Op.ZEXT | Op.SEXT), [x], int() as width):
                unseen = bits & ~ones(width) == 0 and value not in self.compared
                if unseen and x.type == I64:
                    # ext n x = x in the low n bits
                    self.new[value] = x
                    self.want(x, bits)
                    return
                self.want(x, ones(width) if value.op is Op.SEXT else bits & ones(width))
                if value.op is Op.SEXT:
                    self.unsign(value, width, bits)
            case Op.LOAD, [x], Mem(signed=True) as mem:
                self.unsign(value, mem.size * 8, bits)
                self.want(x, MASK)
            case Op.AND, [x, y], _:
                mask = number(y)
                if mask is not None and bits & ~mask == 0 and x.type == I64:
                    # x & mask = x in the bits of the mask
                    self.new[value] = x
                    self.want(x, bits)
                    return
                self.want(x, bits if mask is None else bits & mask)
                self.want(y, bits)
            case ((Op.EQ | Op.NE), [x, y], _) if _is_signed(x) and number(y) is not None:
                self.compared.setdefault(x, []).append((block, value))
            case _:
                self.operands(value, bits)

    def operands(self, value: Value, bits: int) -> None:
        """What the other operations want of their operands."""
        match value.op, value.args, value.imm:
            case op, [pointer, *stored], Mem() as mem if ROWS[op].modify:
                self.want(pointer, MASK)
                for x in stored:
                    self.want(x, ones(mem.size * 8))
            case ((Op.OR | Op.XOR), [x, y], _):
                self.want(x, bits)
                self.want(y, bits)
            case ((Op.ADD | Op.SUB | Op.MUL | Op.NEG), args, _) if value.type == I64:
                # Carries go upwards only.
                for arg in args:
                    self.want(arg, ones(bits.bit_length()))
            case ((Op.SHL | Op.LSHR), [x, by], _):
                amount = number(by)
                moved = bits
                if amount is None:
                    moved = MASK
                elif value.op is Op.SHL:
                    moved >>= amount & 63
                else:
                    moved = (moved << (amount & 63)) & MASK
                self.want(x, moved)
                self.want(by, MASK)
            case Op.BSWAP, [x], int() as width:
                self.want(x, ones(width))
            case _:
                self.want_all(value.args)

    def unsign(self, value: Value, width: int, bits: int) -> None:
        """Drops the sign if no one looks at it but comparisons with a constant.

        sext n x = c is zext n x = zext n c, if c is within n signed bits; else it never holds.
        """
        users = self.compared.get(value, [])
        limit = 1 << width - 1
        consts = [signed(number(user.args[1]) or 0) for _, user in users]
        if bits & ~ones(width) or not all(-limit <= c < limit for c in consts):
            self.want(value, MASK if users else 0)
            return
        if isinstance(value.imm, Mem):
            mem = value.imm
            value.imm = Mem(mem.offset, mem.size, False, mem.core)
        else:
            value.op = Op.ZEXT
        self.changed = True
        for (block, user), c in zip(users, consts, strict=True):
            const = self.fn.value(Op.CONST, imm=c & ones(width), span=user.span)
            block.body.insert(block.body.index(user), const)
            user.args = [value, const]


def _is_signed(value: Value) -> bool:
    return value.op is Op.SEXT or (isinstance(value.imm, Mem) and value.imm.signed)
