"""Random programs of everything: structs, maps, records, functions and shared variables."""

from __future__ import annotations

from random import Random

from random_program import Program

HEADER = """\
from kring import (
    Array, Discard, Global, Hash, RingBuf, Struct, array, be16, be32, bits, i8, i16, i32, i64,
    syscall, u8, u16, u32, u64,
)


class Numbers(Struct):
    a: u64
    b: u64
    c: u64
    d: u64
    e: u64
    f: u64
    x: u64
    y: u64
    z: u64
    w: u64
    v: u64


class Inner(Struct):
    p: u8
    q: be32
    r: i16


class Pair(Struct):
    a: i32
    n: Inner
    b: u64
    lo: u16 = bits(3)
    hi: u16 = bits(11)
    sg: i32 = bits(7)
    c: be16
    d: i8


class Key(Struct):
    k: u8
    l: u32


given = Array[Numbers](1)
out = Array[Numbers](1)
counts = Hash[u32, u64](max_entries=4)
table = Hash[u32, Pair](max_entries=4)
keyed = Hash[Key, i32](max_entries=4)
slots = Array[i16](4)
small = Global[u32](7)
large = Global[i64](-9)
events = RingBuf[Pair](4096)
"""
MAIN = """\


@syscall
def program() -> None:
    if (g := given[0]) is None or (o := out[0]) is None:
        return
"""
FIELDS = {"a": False, "n.p": False, "n.q": False, "n.r": False, "b": True, "lo": False, "hi": False,
          "sg": False, "c": False, "d": False}  # fmt: skip
"""Of `Pair`, and whether they are u64."""
OPERATORS = ("+", "-", "*", "&", "|", "^")


class RichProgram(Program):
    """One program; `source(values)` is its text as of `Program`.

    `pinned` while an entry of `table` is referred to, which must stay where it is; functions,
    which may be called then, leave the map alone.
    """

    def __init__(self, random: Random, depth: int = 5) -> None:
        self.structs: list[str] = []
        self.shared: list[str] = []
        self.functions: dict[str, _Function] = {}
        self.calls = self.pinned = 0
        for index in range(random.randrange(3)):
            name = f"f{index}"
            self.functions[name] = _Function(random, name, dict(self.functions))
        super().__init__(random, depth)

    def source(self, values: list[int] | None) -> str:
        text = super().source(values)
        _, _, body = text.partition("        return\n")
        functions = "".join(function.text() for function in self.functions.values())
        return HEADER + functions + MAIN + body

    # Expressions

    def expr(self, wide: bool, depth: int) -> str:
        if depth > 0 and self.chance(3):
            return self.rich(wide, depth)
        return super().expr(wide, depth)

    def rich(self, wide: bool, depth: int) -> str:
        """An expression that reads a field, a map, a variable, or calls a function."""
        random = self.random
        ways = [f"{s}.{f}" for s in (*self.structs, *self.shared) for f in FIELDS
                if FIELDS[f] == wide]  # fmt: skip
        if wide:
            ways.append(f"counts.get({self.key(depth)}, {self.leaf(True)})")
        else:
            found = f"keyed.get({self.named_key(depth)}, {self.expr(False, 0)})"
            entry = f"slots[{self.index(depth)}]"
            ways.append(random.choice(["small.value", "large.value", entry, found]))
        for name, function in self.functions.items():
            if function.wide == wide and self.calls < 6:
                ways += [name] * 3
        way = random.choice(ways)
        if way in self.functions:
            self.calls += 1
            args = [
                self.unwritten(self.expr(kind == "u64", depth - 1), kind == "u64")
                for kind in self.functions[way].kinds_given
            ]
            return f"{way}({', '.join(args)})"
        return way

    def unwritten(self, text: str, wide: bool) -> str:
        """The expression, not made of literals alone, which might not fit."""
        return f"({self.leaf(wide)} ^ {text})"

    def key(self, depth: int) -> str:
        return f"({self.unwritten(self.expr(False, depth - 2), False)} & 7)"

    def index(self, depth: int) -> str:
        return self.random.choice(["0", "1", "3", f"({self.key(depth)} & 3)"])

    def named_key(self, depth: int) -> str:
        return f"Key(k={self.key(depth)} & 1, l={self.key(depth)} & 1)"

    # Statements

    def statement(self, indent: int, depth: int) -> None:
        if indent > 3 or self.chance(2):
            return super().statement(indent, depth)
        kinds = [self.construct, self.store, self.entry, self.entry, self.record, self.switch]
        if self.structs or self.shared:
            kinds += [self.field, self.field]
        self.random.choice(kinds)(indent, depth)
        return None

    def construct(self, indent: int, depth: int) -> None:
        if len(self.structs) > 1 or indent:
            return self.field(indent, depth) if self.structs else self.assign(indent, depth)
        name = f"s{len(self.structs)}"
        self.line(indent, f"{name} = {self.pair(depth)}")
        self.structs.append(name)
        return None

    def pair(self, depth: int) -> str:
        chosen = [f for f in FIELDS if "." not in f and self.chance(3)]
        values = [
            f"{f}={self.unwritten(self.expr(FIELDS[f], depth - 2), FIELDS[f])}" for f in chosen
        ]
        if self.chance(3):
            inner = f"Inner(p={self.unwritten(self.expr(False, 1), False)}, q={self.leaf(False)})"
            values.append(f"n={inner}")
        self.random.shuffle(values)
        return f"Pair({', '.join(values)})"

    def field(self, indent: int, depth: int) -> None:
        owner = self.random.choice((*self.structs, *self.shared))
        field = self.random.choice(list(FIELDS))
        value = self.unwritten(self.expr(FIELDS[field], depth - 1), FIELDS[field])
        op = self.random.choice(OPERATORS) if self.chance(2) else ""
        if owner in self.shared and (op == "*" or field not in ("a", "b")):
            op = ""
        self.line(indent, f"{owner}.{field} {op}= {value}")

    def store(self, indent: int, depth: int) -> None:
        """A shared variable, or an entry of an array."""
        place = self.random.choice(["small.value", "large.value", f"slots[{self.index(depth)}]"])
        value = self.unwritten(self.expr(False, depth - 1), False)
        op = self.random.choice("+-|&^") if place[0] != "s" or self.chance(2) else ""
        if place.startswith("slots"):
            op = ""
        self.line(indent, f"{place} {op}= {value}")

    def entry(self, indent: int, depth: int) -> None:
        """Something done to an entry of a hash."""
        random, key = self.random, self.key(depth)
        value = self.unwritten(self.expr(True, depth - 1), True)
        match random.randrange(8):
            case 0:
                self.line(indent, f"counts[{key}] = {value}")
            case 1:
                self.line(indent, f"counts[{key}] += {value}")
            case 2:
                maps = ["counts", "table"][: 2 - (self.pinned > 0)]
                self.line(indent, f"del {random.choice(maps)}[{key}]")
            case 3:
                self.line(indent, f"if {key} {random.choice(['in', 'not in'])} counts:")
                self.body(indent + 1, depth - 1)
            case 4:
                small = self.unwritten(self.expr(False, depth - 1), False)
                self.line(indent, f"keyed[{self.named_key(depth)}] {random.choice('+ ')}= {small}")
            case 5 if not self.pinned:
                name = random.choice(self.structs) if self.structs else self.pair(depth)
                self.line(indent, f"table[{key}] = {name}")
            case 6:
                self.line(indent, f"if (n{indent} := counts.pop({key})) is not None:")
                self.line(indent + 1, f"{self.unsigned_name()} = n{indent}")
            case _:
                self.found(indent, depth, key)

    def unsigned_name(self) -> str:
        return self.random.choice([name for name, kind in self.kinds.items() if kind == "u64"])

    def found(self, indent: int, depth: int, key: str) -> None:
        """A struct in a map, referred to."""
        name = f"t{indent}"
        if name in self.shared or indent > 2 or self.pinned > 1:
            return self.assign(indent, depth)
        self.line(indent, f"if ({name} := table.get({key})) is not None:")
        self.shared.append(name)
        self.pinned += 1
        self.field(indent + 1, depth - 1)
        self.body(indent + 1, depth - 1)
        self.pinned -= 1
        self.shared.remove(name)
        if not self.pinned and self.chance(2):
            self.line(indent, "else:")
            self.line(indent + 1, f"table[{key}] = {self.pair(depth)}")
        return None

    def record(self, indent: int, depth: int) -> None:
        if indent > 1 or "r" in self.structs:
            return self.assign(indent, depth)
        self.line(indent, "with events.reserve() as r:")
        self.structs.append("r")
        self.field(indent + 1, depth - 1)
        self.body(indent + 1, depth - 1)
        if self.chance(2):
            self.line(indent + 1, f"if {self.test(1)}:")
            self.line(indent + 2, "raise Discard")
        self.structs.remove("r")
        return None

    def switch(self, indent: int, depth: int) -> None:
        self.line(indent, f"match {self.unwritten(self.expr(False, depth - 1), False)} & 3:")
        cases = ["0", "1 | 2", "3"][: self.random.randint(1, 3)]
        for case in cases:
            guard = f" if {self.test(1)}" if self.chance(3) else ""
            self.line(indent + 1, f"case {case}{guard}:")
            self.body(indent + 2, depth - 1)


class _Function(RichProgram):
    """A function that programs call: `kinds_given` are its parameters', `wide` if it gives u64."""

    def __init__(self, random: Random, name: str, functions: dict[str, _Function]) -> None:
        self.name = name
        self.returns = random.choice(("int", "u64", "i16", "u8", "u32"))
        self.wide = self.returns == "u64"
        self.random = random
        self.functions = functions
        self.calls, self.loops = 3, 0
        self.pinned = 2
        self.structs, self.shared, self.counters = [], [], []
        self.lines = []
        self.kinds_given = [random.choice(("i64", "u64", "u8", "i32")) for _ in range(2)]
        self.kinds = dict(zip(("a", "b"), self.kinds_given, strict=True))
        self.kinds |= {"x": "", "u": "u64"}
        self.line(0, f"x = {self.leaf(False) if self.names(False) != ['x'] else '3'}")
        self.line(0, f"u: u64 = {self.random.choice(['a', 'b'])}")
        for _ in range(random.randint(1, 3)):
            self.statement(0, 2)
            if self.chance(3):
                self.line(0, f"if {self.test(1)}:")
                self.line(1, f"return {self.unwritten(self.expr(self.wide, 1), self.wide)}")
        self.line(0, f"return {self.unwritten(self.expr(self.wide, 2), self.wide)}")

    def names(self, wide: bool) -> list[str]:
        return [name for name in super().names(wide) if self.lines or name != "x"] or ["x"]

    def leaf(self, wide: bool) -> str:
        return (
            self.random.choice(self.names(wide)) if self.names(wide) != ["x"] or not wide else "u"
        )

    def text(self) -> str:
        params = ", ".join(f"{n}: {k}" for n, k in zip("ab", self.kinds_given, strict=True))
        lines = "\n".join(self.lines)
        return f"\n\ndef {self.name}({params}) -> {self.returns}:\n{lines}\n"
