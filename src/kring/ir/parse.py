"""Text to functions: the reader of what `text` prints."""

from __future__ import annotations

import re
from collections.abc import Callable

from kring.abi.isa import OPS, Insn
from kring.errors import AsmError
from kring.ir.core import (
    ROWS,
    Block,
    Core,
    Edge,
    Fn,
    GlobalRef,
    Imm,
    Imms,
    Kfunc,
    Mem,
    Op,
    Space,
    Span,
    Type,
    Value,
)
from kring.ir.graph import EDGES
from kring.ir.text import ESCAPES

_STRING = r'"(?:[^"\\\n]|\\.)*"'
_TOKEN = re.compile(
    rf"(?P<skip>[ \t]+|\#.*)|(?P<line>\n)"
    rf"|(?P<token>@(?:{_STRING}:)?\d+:\d+-(?:\d+:)?\d+|{_STRING}"
    rf"|[+-]?\d+(?![\w.])|[^\s\[\](){{}}:,=\"#@]+|[\[\](){{}}:,=])"
)
_SPAN = re.compile(rf"@(?:({_STRING}):)?(\d+):(\d+)-(?:(\d+):)?(\d+)")
_OPS = {op.value: op for op in Op if op is not Op.PARAM}
_TYPES = {
    str(type): type
    for type in (Type(), *(Type(space, null) for space in Space for null in (False, True)))
}
"""Types by their text, shared: a parsed function makes no new ones."""


def _unquote(token: str) -> str:
    plain = {escaped: plain for plain, escaped in ESCAPES}
    return re.sub(r"\\.", lambda found: plain.get(found[0], found[0]), token[1:-1])


def parse(text: str) -> Fn:
    """The first function of a text, the others as its callees.

    Raises: AsmError.
    """
    parser = Parser(text)
    fn = parser.function()
    while parser.next:
        callee = parser.function()
        fn.callees[callee.name] = callee
    return fn


class Parser:
    """Tokens, and the values and blocks named so far in a function."""

    def __init__(self, text: str) -> None:
        self.tokens: list[str] = []
        self.lines: list[int] = []
        self.at = 0
        self.tokenize(text)
        self.begin()

    def begin(self) -> None:
        """Forget what the last function named."""
        self.file = ""
        self.values: dict[str, Value] = {}
        self.blocks: dict[str, Block] = {}
        self.defined: set[Value | Block] = set()

    def tokenize(self, text: str) -> None:
        line, at = 1, 0
        while at < len(text):
            found = _TOKEN.match(text, at)
            if found is None:
                raise AsmError(f"IR text cannot go on with {text[at : at + 12]!r}", line)
            if found["token"]:
                self.tokens.append(found["token"])
                self.lines.append(line)
            elif found["line"]:
                line += 1
            at = found.end()

    @property
    def next(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def fail(self, wanted: str) -> AsmError:
        line = self.lines[min(self.at, len(self.lines) - 1)] if self.lines else 1
        return AsmError(f"found {self.next!r}, wanted {wanted}", line)

    def take(self, wanted: str = "") -> str:
        token = self.next
        if not token or (wanted and token != wanted):
            raise self.fail(repr(wanted) if wanted else "more")
        self.at += 1
        return token

    def took(self, token: str) -> bool:
        if self.next != token:
            return False
        self.at += 1
        return True

    def number(self) -> int:
        if not self.next.lstrip("+-").isdecimal():
            raise self.fail("a number")
        return int(self.take())

    def function(self) -> Fn:
        self.begin()
        self.take("fn")
        fn = Fn(self.take())
        header = self.at
        while self.next not in ("{", ""):
            if self.next.startswith('"'):
                self.file = _unquote(self.next)
            self.at += 1
        self.at = header
        params = self.params()
        if self.next.startswith('"'):
            self.take()
        self.take("{")
        while not self.took("}"):
            fn.blocks.append(self.parse_block())
        if not fn.blocks:
            raise self.fail("a block")
        fn.entry.params = params
        for name in (*self.values, *self.blocks):
            if (self.values.get(name) or self.blocks[name]) not in self.defined:
                raise AsmError(f"{name} is used but never defined")
        ids = [*(v.id for v in self.values.values()), *(b.id for b in self.blocks.values())]
        fn.ids = 1 + max(ids, default=0)
        for value in fn.values():
            if value.id < 0:
                value.id, fn.ids = fn.ids, fn.ids + 1
        return fn

    def params(self) -> list[Value]:
        found: list[Value] = []
        if self.took("("):
            while not self.took(")"):
                value = self.define(self.take())
                value.span = self.span()
                found.append(value)
                if self.next != ")":
                    self.take(",")
        return found

    def parse_block(self) -> Block:
        block = self.block(self.take())
        self.mark(block)
        block.params = self.params()
        self.take(":")
        while block.end is None:
            value = self.value()
            if ROWS[value.op].ends:
                block.end = value
                block.edges += [self.edge() for _ in range(EDGES[value.op])]
                value.span = self.span()
            else:
                block.body.append(value)
        return block

    def edge(self) -> Edge:
        edge = Edge(self.block(self.take()))
        if self.took("("):
            while not self.took(")"):
                edge.args.append(self.use(self.take()))
                if self.next != ")":
                    self.take(",")
        return edge

    def value(self) -> Value:
        value: Value | None = None
        if self.next not in _OPS:
            value = self.define(self.take())
            self.take("=")
        if self.next not in _OPS:
            raise self.fail("an operation")
        op = _OPS[self.take()]
        if value is None:
            value = Value(-1, op, [], None, Type(), None)
        if ROWS[op].result != (value.id >= 0):
            raise self.fail(f"{op.value} {'with' if ROWS[op].result else 'without'} a result")
        value.op = op
        self.operands(value)
        if not ROWS[op].ends:
            value.span = self.span()
        return value

    def operands(self, value: Value) -> None:
        kind = ROWS[value.op].imm
        if kind in _BEFORE:
            value.imm = _BEFORE[kind](self)
        while True:
            if self.next == "[":
                value.imm = self.place(value.op)
            elif re.fullmatch(r"v\d+", self.next) and self.tokens[self.at + 1 : self.at + 2] != [
                ":"
            ]:
                value.args.append(self.use(self.take()))
            else:
                return

    def place(self, op: Op) -> Imm:
        """What stands in brackets: memory, or a fact about the target kernel."""
        self.take("[")
        offset, core = 0, None
        if self.next[0] in "+-":
            offset = self.number()
        else:
            struct, *path = self.take().split(".")
            core = Core(struct, tuple(path))
        how = self.take()
        self.take("]")
        if ROWS[op].imm is Imms.CORE and core is not None:
            return Core(core.struct, core.path, how)
        bits = how.lstrip("iu")
        if not bits.isdecimal():
            raise self.fail("a width before it")
        return Mem(offset, int(bits) // (1 if how == bits else 8), how[0] == "i", core)

    def global_ref(self) -> GlobalRef:
        map = self.string()
        return GlobalRef(map, self.number() if self.next[:1] in ("+", "-") else 0)

    def kfunc(self) -> Kfunc:
        name = self.string()
        self.take("(")
        args: list[str] = []
        while not self.took(")"):
            args.append(self.take())
        return Kfunc(name, tuple(args), self.take())

    def insn(self) -> Insn:
        name = self.string()
        if name not in OPS:
            raise self.fail("an instruction's name before it")
        return Insn(OPS[name], self.number(), self.number(), self.number(), self.number())

    def string(self) -> str:
        if not self.next.startswith('"'):
            raise self.fail("a name in quotes")
        return _unquote(self.take())

    def span(self) -> Span | None:
        found = _SPAN.fullmatch(self.next)
        if found is None:
            return None
        self.take()
        file = self.file if found[1] is None else _unquote(found[1])
        line = int(found[2])
        return Span(file, line, int(found[3]), int(found[4] or line), int(found[5]))

    def define(self, name: str) -> Value:
        value = self.use(name)
        self.mark(value)
        self.take(":")
        if self.next not in _TYPES:
            raise self.fail("a type")
        value.type = _TYPES[self.take()]
        return value

    def mark(self, named: Value | Block) -> None:
        if named in self.defined:
            raise self.fail(f"one definition of {named} only")
        self.defined.add(named)

    def use(self, name: str) -> Value:
        if name not in self.values:
            if not re.fullmatch(r"v\d+", name):
                raise self.fail("a value or an operation before it")
            self.values[name] = Value(int(name[1:]), Op.PARAM, [], None, Type(), None)
        return self.values[name]

    def block(self, name: str) -> Block:
        if name not in self.blocks:
            if not re.fullmatch(r"b\d+", name):
                raise self.fail("a block before it")
            self.blocks[name] = Block(int(name[1:]))
        return self.blocks[name]


_BEFORE: dict[Imms, Callable[[Parser], Imm]] = {
    Imms.INT: Parser.number,
    Imms.BITS: Parser.number,
    Imms.NAME: Parser.string,
    Imms.GLOBAL: Parser.global_ref,
    Imms.KFUNC: Parser.kfunc,
    Imms.INSN: Parser.insn,
}
"""Immediates that stand before the operands; the others stand in brackets after the first."""
