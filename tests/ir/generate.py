"""Random functions that end and touch only their own memory, for comparing before and after."""

from __future__ import annotations

from random import Random

from kring.ir.core import I64, MASK, ROWS, Block, Edge, Fn, Mem, Op, Space, Span, Type, Value
from kring.ir.evaluate import World, evaluate

BINARY = [op for op, row in ROWS.items() if row.args == 2 and row.evaluate]
UNARY = [(Op.NEG, None), *((op, n) for op in (Op.ZEXT, Op.SEXT) for n in (8, 16, 32))]
UNARY += [(Op.BSWAP, n) for n in (16, 32, 64)]
CONSTS = (0, 1, 2, 3, 5, 8, 16, 63, 64, 255, 256, 0xFFFF, 1 << 31, 0xFFFFFFFF, -1, -2, 1 << 63)
SIZE = 24
RECORD = Type(Space.RECORD)


class Generator:
    """Statements of a structured program, as a front end would build them."""

    def __init__(self, seed: int, memory: bool = True) -> None:
        self.random = Random(seed)
        self.fn = Fn("random")
        self.block = self.start()
        self.memory = memory
        self.pointers: list[tuple[Value, int]] = []
        self.block.params = [self.fn.value(Op.PARAM) for _ in range(2)]
        self.scope = list(self.block.params)

    def start(self) -> Block:
        self.block = self.fn.block()
        self.fn.blocks.append(self.block)
        return self.block

    def emit(self, op: Op, args: list[Value], imm: object = None, type: Type = I64) -> Value:
        line = self.random.randint(1, 9)
        span = Span("a.py", line, 1, line + line % 2, 4) if line < 8 else None
        value = self.fn.value(op, args, imm, type, span)  # type: ignore[arg-type]
        self.block.body.append(value)
        return value

    def end(self, op: Op, args: list[Value], *edges: Edge) -> None:
        self.block.end = self.fn.value(op, args)
        self.block.edges = list(edges)

    def pick(self) -> Value:
        if self.random.random() < 0.4:
            return self.emit(Op.CONST, [], self.random.choice(CONSTS))
        return self.random.choice(self.scope[-8:])

    def make(self) -> Fn:
        if self.memory:
            self.pointers = [(self.emit(Op.STACK, [], SIZE, Type(Space.STACK)), SIZE)]
            for at in range(0, SIZE, 8):
                self.emit(Op.STORE, [self.pointers[0][0], self.pick()], Mem(at, 8))
        self.statements(self.random.randint(2, 4), 3)
        result = self.scope[-1]
        for value in self.scope[-4:-1]:
            result = self.emit(Op.XOR, [result, value])
        self.end(Op.RET, [result])
        return self.fn

    def statements(self, count: int, depth: int) -> None:
        for _ in range(count):
            kinds = [self.compute, self.compute, self.compute]
            if depth:
                kinds += [self.branch, self.branch, self.loop, self.both]
            if self.memory:
                kinds += [self.access, self.access]
                if depth:
                    kinds.append(self.transaction)
            kind = self.random.choice(kinds)
            kind(depth)  # type: ignore[operator]

    def compute(self, _: int) -> None:
        if self.random.random() < 0.3:
            op, imm = self.random.choice(UNARY)
            self.scope.append(self.emit(op, [self.pick()], imm))
        else:
            op = self.random.choice(BINARY)
            self.scope.append(self.emit(op, [self.pick(), self.pick()]))

    def test(self) -> Value:
        if self.random.random() < 0.3:
            return self.random.choice(self.scope[-8:])
        op = self.random.choice([op for op in BINARY if ROWS[op].compares])
        return self.emit(op, [self.pick(), self.pick()])

    def access(self, _: int) -> None:
        pointer, size = self.random.choice(self.pointers)
        width = self.random.choice((1, 2, 4, 8))
        at = self.random.randrange(0, size, width)
        if at and self.random.random() < 0.4:
            by = self.emit(Op.CONST, [], at)
            pointer, at = self.emit(Op.ADD, [pointer, by], None, Type(pointer.type.space)), 0
        match self.random.randint(0, 5):
            case 0 | 1:
                mem = Mem(at, width, self.random.random() < 0.5)
                self.scope.append(self.emit(Op.LOAD, [pointer], mem))
            case 2 | 3:
                self.emit(Op.STORE, [pointer, self.pick()], Mem(at, width))
            case 4:
                self.emit(Op.ZERO, [pointer], Mem(at, width))
            case _:
                length = self.emit(Op.CONST, [], width)
                target = pointer
                if at:
                    by = self.emit(Op.CONST, [], at)
                    target = self.emit(Op.ADD, [pointer, by], None, Type(pointer.type.space))
                self.emit(Op.CALL, [target, length], "get_current_comm")

    def branch(self, depth: int) -> None:
        """if …: … else: …, which both give one value."""
        test, outer = self.test(), list(self.scope)
        before = self.block
        ways: list[tuple[Block, Value]] = []
        starts: list[Block] = []
        for _ in range(2):
            starts.append(self.start())
            self.scope = list(outer)
            self.statements(self.random.randint(0, 2), depth - 1)
            ways.append((self.block, self.pick()))
        join = self.start()
        param = self.fn.value(Op.PARAM)
        join.params = [param]
        for block, value in ways:
            self.block = block
            self.end(Op.JUMP, [], Edge(join, [value]))
        self.block = before
        self.end(Op.BR, [test], Edge(starts[0]), Edge(starts[1]))
        self.block = join
        self.scope = [*outer, param]

    def both(self, _: int) -> None:
        """a and b, or a or b, as a value that is then branched on."""
        first = self.test()
        second_block, join = self.fn.block(), self.fn.block()
        self.fn.blocks += [second_block, join]
        param = self.fn.value(Op.PARAM)
        join.params = [param]
        edges = [Edge(second_block), Edge(join, [first])]
        if self.random.random() < 0.5:
            edges.reverse()
        self.end(Op.BR, [first], *edges)
        self.block = second_block
        second = self.test()
        self.end(Op.JUMP, [], Edge(join, [second]))
        self.block = join
        self.scope.append(param)

    def loop(self, depth: int) -> None:
        """for i in range(n): …, with one value carried round."""
        zero = self.emit(Op.CONST, [], 0)
        limit = self.emit(Op.CONST, [], self.random.randint(0, 3))
        carried, outer, before = self.pick(), list(self.scope), self.block
        header = self.start()
        index, state = self.fn.value(Op.PARAM), self.fn.value(Op.PARAM)
        header.params = [index, state]
        more = self.emit(Op.ULT, [index, limit])
        body = self.start()
        self.scope = [*outer, index, state]
        self.statements(self.random.randint(1, 2), depth - 1)
        one = self.emit(Op.CONST, [], 1)
        following = self.emit(Op.ADD, [index, one])
        self.end(Op.JUMP, [], Edge(header, [following, self.scope[-1]]))
        after = self.start()
        self.block = before
        self.end(Op.JUMP, [], Edge(header, [zero, carried]))
        self.block = header
        self.end(Op.BR, [more], Edge(body), Edge(after))
        self.block = after
        self.scope = [*outer, state]

    def transaction(self, depth: int) -> None:
        """with ring.reserve() as e: …, every byte of it written."""
        ring = self.emit(Op.MAP, [], "ring", Type(Space.MAP))
        size, flags = self.emit(Op.CONST, [], SIZE), self.emit(Op.CONST, [], 0)
        record = self.emit(
            Op.CALL, [ring, size, flags], "ringbuf_reserve", Type(Space.RECORD, True)
        )
        outer, pointers, before = list(self.scope), list(self.pointers), self.block
        held = self.start()
        at = 0
        while at < SIZE:
            width = self.random.choice([w for w in (1, 2, 4, 8) if at % w == 0])
            self.emit(Op.ZERO, [record], Mem(at, width))
            at += width
        self.pointers.append((record, SIZE))
        self.statements(self.random.randint(1, 4), depth - 1)
        name = self.random.choice(("ringbuf_submit", "ringbuf_submit", "ringbuf_discard"))
        flags = self.emit(Op.CONST, [], 0)
        self.emit(Op.CALL, [record, flags], name)
        last, after = self.block, self.start()
        self.block = last
        self.end(Op.JUMP, [], Edge(after))
        self.block = before
        self.end(Op.BR, [record], Edge(held), Edge(after))
        self.block, self.scope, self.pointers = after, outer, pointers


def generate(seed: int, memory: bool = True) -> Fn:
    """The random function of that number."""
    return Generator(seed, memory).make()


def observe(fn: Fn, args: list[int]) -> list[object]:
    """All that can be seen of a run: records sent, and the result."""
    seen: list[object] = []
    count = 0

    def reserve(world: World, _ring: int, size: int, _flags: int) -> int:
        nonlocal count
        count += 1
        return 0 if count % 4 == 3 else world.allocate(b"\xa5" * size)

    def submit(world: World, record: int, _flags: int) -> int:
        seen.append(bytes(world.regions[record]))
        return 0

    def comm(world: World, target: int, size: int) -> int:
        world.write(target, bytes(range(7, 7 + size)))
        return 0

    world = World(
        helpers={
            "ringbuf_reserve": reserve,
            "ringbuf_submit": submit,
            "ringbuf_discard": lambda _world, _record, _flags: 0,
            "get_current_comm": comm,
        },
        maps={"ring": 1},
    )
    seen.append(evaluate(fn, [arg & MASK for arg in args], world))
    return seen
