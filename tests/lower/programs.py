"""Random functions of integers: many live values, branches, loops that rotate their parameters.

Whoever makes one supplies `choose(n)`, a number from 0 to n - 1: hypothesis or `random`.
"""

from __future__ import annotations

from collections.abc import Callable

from kring.ir.core import ATOMICS, I64, ROWS, Block, Edge, Fn, Mem, Op, Space, Type, Value

INPUTS = 4
CONSTANTS = (
    0, 1, 2, 7, 63, 64, 0xFF, 0xFFFF, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF, 0x1_0000_0000,
    0x8000_0000_0000_0000, -1, -5, -0x8000_0000, -0x8000_0001, 0x1234_5678_9ABC_DEF0,
)  # fmt: skip
BINARY = [op for op, row in ROWS.items() if row.evaluate and row.args == 2]
UNARY = [(Op.NEG, (0,)), (Op.ZEXT, (1, 8, 16, 31, 32, 40, 64)), (Op.SEXT, (1, 8, 16, 32, 64)),
         (Op.BSWAP, (16, 32, 64))]  # fmt: skip
ATOMIC = sorted(ATOMICS, key=lambda op: op.value)
COMPARE = [op for op, row in ROWS.items() if row.compares]


class Program:
    """A function being made; `block` is where values go."""

    def __init__(self, choose: Callable[[int], int]) -> None:
        self.choose = choose
        self.fn = Fn("random")
        self.block = self.open()
        self.mem = self.fn.value(Op.PARAM, type=Type(Space.VALUE))
        self.block.params.append(self.mem)
        self.stack = self.add(Op.STACK, imm=8 * INPUTS, type=Type(Space.STACK))
        self.fuel = 12

    def open(self) -> Block:
        block = self.fn.block()
        self.fn.blocks.append(block)
        return block

    def add(
        self, op: Op, *args: Value, imm: int | str | Mem | None = None, type: Type = I64
    ) -> Value:
        value = self.fn.value(op, list(args), imm, type)
        self.block.body.append(value)
        return value

    def end(self, op: Op, *args: Value, to: list[Edge] | None = None) -> None:
        self.block.end = self.fn.value(op, list(args))
        self.block.edges = to or []

    def pick(self, values: list[Value]) -> Value:
        if self.choose(4) == 0:
            return self.add(Op.CONST, imm=CONSTANTS[self.choose(len(CONSTANTS))])
        return values[self.choose(len(values))]

    def step(self, values: list[Value]) -> Value:
        """One new value, with or without what else it takes."""
        kind = self.choose(12)
        if kind < 6:
            op = BINARY[self.choose(len(BINARY))]
            return self.add(op, self.pick(values), self.pick(values))
        if kind == 6:
            op, imms = UNARY[self.choose(len(UNARY))]
            imm = imms[self.choose(len(imms))]
            return self.add(op, self.pick(values), imm=imm if op is not Op.NEG else None)
        if kind == 7:
            zero = self.add(Op.CONST, imm=0)
            return self.add(Op.AND, self.add(Op.CALL, imm="ktime_get_ns"), zero)
        place = 8 * self.choose(INPUTS)
        size = (1, 2, 4, 8)[self.choose(4)]
        base = (self.stack, self.mem)[self.choose(2)]
        if kind == 8:
            self.add(Op.STORE, base, self.pick(values), imm=Mem(place, size))
        if kind > 9:
            op = ATOMIC[self.choose(len(ATOMIC))]
            operands = [self.pick(values) for _ in range(ROWS[op].args - 1)]
            old = self.add(op, base, *operands, imm=Mem(place, (4, 8)[self.choose(2)]))
            if ROWS[op].result:
                return old
        signed = size < 8 and self.choose(2) == 1
        return self.add(Op.LOAD, base, imm=Mem(place, size, signed))

    def run(self, values: list[Value], depth: int) -> list[Value]:
        """Code that may branch and loop, and the values known after it."""
        values = list(values)
        for _ in range(self.choose(6) + 1):
            self.fuel -= 1
            kind = self.choose(6) if depth and self.fuel > 0 else 9
            if kind == 0:
                values += self.fork(values, depth - 1)
            elif kind == 1:
                values += self.loop(values, depth - 1)
            else:
                values.append(self.step(values))
        return values

    def condition(self, values: list[Value]) -> Value:
        if self.choose(4) == 0:
            return self.pick(values)
        return self.add(COMPARE[self.choose(len(COMPARE))], self.pick(values), self.pick(values))

    def fork(self, values: list[Value], depth: int) -> list[Value]:
        """if … else …, whose values meet in parameters; an arm may be empty."""
        count, test, start = self.choose(3) + 1, self.condition(values), self.block
        edges: list[Edge] = []
        ends: list[tuple[Block, list[Value]]] = []
        for _ in range(2):
            if self.choose(3) == 0:
                self.block = start
                edges.append(Edge(start, [self.pick(values) for _ in range(count)]))
                continue
            self.block = self.open()
            edges.append(Edge(self.block))
            known = self.run(values, depth)
            ends.append((self.block, [self.pick(known) for _ in range(count)]))
        join = self.open()
        join.params = [self.fn.value(Op.PARAM) for _ in range(count)]
        for edge in edges:
            if edge.block is start:
                edge.block = join
        for self.block, args in ends:
            self.end(Op.JUMP, to=[Edge(join, args)])
        self.block = start
        self.end(Op.BR, test, to=edges)
        self.block = join
        return join.params

    def loop(self, values: list[Value], depth: int) -> list[Value]:
        """A counted loop that goes around with its parameters in another order."""
        count, header = self.choose(3) + 2, self.fn.block()
        zero = self.add(Op.CONST, imm=0)
        start = [zero, *(self.pick(values) for _ in range(count))]
        self.end(Op.JUMP, to=[Edge(header, start)])
        self.fn.blocks.append(header)
        self.block = header
        header.params = [self.fn.value(Op.PARAM) for _ in range(count + 1)]
        counter, *rest = header.params
        test = self.add(Op.ULT, counter, self.add(Op.CONST, imm=self.choose(4)))
        body, after = self.open(), self.fn.block()
        self.end(Op.BR, test, to=[Edge(body), Edge(after)])
        self.block = body
        known = self.run(values + rest, depth)
        turn = self.choose(count)
        rotated = rest[turn:] + rest[:turn]
        if self.choose(2):
            rotated[0] = known[-1]
        following = self.add(Op.ADD, counter, self.add(Op.CONST, imm=1))
        self.end(Op.JUMP, to=[Edge(header, [following, *rotated])])
        self.fn.blocks.append(after)
        self.block = after
        return rest


def random_program(choose: Callable[[int], int]) -> Fn:
    """A function of the address of `INPUTS` numbers, with a result that depends on all it did."""
    made = Program(choose)
    values = [made.add(Op.LOAD, made.mem, imm=Mem(8 * at, 8)) for at in range(INPUTS)]
    for at, value in enumerate(values):
        made.add(Op.STORE, made.stack, value, imm=Mem(8 * at, 8))
    values = made.run(values, 3)
    result = values[0]
    for value in values[1:]:
        three = made.add(Op.CONST, imm=3)
        result = made.add(Op.ADD, made.add(Op.MUL, result, three), value)
    made.end(Op.RET, result)
    return made.fn
