"""Random programs of integers, as Python source: typed so that the reference knows every sign."""

from __future__ import annotations

from random import Random

NARROW = ("u8", "i8", "u16", "i16", "u32", "i32", "i64", "i64")
LITERALS = (0, 1, 2, 3, 5, 7, 8, 31, 63, 64, 100, 127, 128, 255, 256, 65535, 1 << 31, (1 << 32) - 1,
            1 << 32, (1 << 62) + 1, (1 << 63) - 1)  # fmt: skip
LARGE = (1 << 63, (1 << 63) + 7, (1 << 64) - 1, (1 << 64) - 128)
VALUES = (*LITERALS, *(-n for n in LITERALS), -(1 << 63), *LARGE)
PLAIN = ("+", "-", "*", "&", "|", "^", "//", "%")
COMPARISONS = ("<", "<=", ">", ">=", "==", "!=")
INPUTS = 6
HEADER = """\
from kring import Array, Struct, i8, i16, i32, i64, syscall, u8, u16, u32, u64


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


given = Array[Numbers](1)
out = Array[Numbers](1)


@syscall
def program() -> None:
    if (g := given[0]) is None or (o := out[0]) is None:
        return
"""


class Program:
    """One random program; `source(None)` reads its inputs from the map `given`, `source(values)`
    has them as constants."""

    def __init__(self, random: Random, depth: int = 5) -> None:
        self.random = random
        self.kinds: dict[str, str] = {}
        self.inputs = [random.choice((*NARROW, "u64", "u64")) for _ in range(INPUTS)]
        self.inputs[0] = "i64"
        self.inputs[1] = "u64"
        for index, kind in enumerate(self.inputs):
            self.kinds["abcdef"[index]] = kind
        self.lines: list[str] = []
        self.loops = 0
        self.counters: list[str] = []
        for name in ("x", "y", "z", "w", "v"):
            kind = random.choice(("", "", *NARROW, "u64"))
            value = self.leaf(kind == "u64") if kind else self.leaf(False)
            self.line(0, f"{name}: {kind} = {value}" if kind else f"{name} = {value}")
            self.kinds[name] = kind
        for _ in range(random.randint(1, 5)):
            self.statement(0, depth)
        for name in self.kinds:
            self.line(0, f"o.{name} = {name}")

    def source(self, values: list[int] | None) -> str:
        """The text of the program's file."""
        first = [
            f"    {name}: {kind} = g.{name}"
            if values is None
            else f"    {name}: {kind} = {fold(values[index], kind)}"
            for index, (name, kind) in enumerate(zip("abcdef", self.inputs, strict=True))
        ]
        return HEADER + "\n".join([*first, *self.lines]) + "\n"

    def line(self, indent: int, text: str) -> None:
        self.lines.append("    " * (indent + 1) + text)

    def chance(self, one_in: int) -> bool:
        return self.random.randrange(one_in) == 0

    # Expressions: `wide` ones are u64.

    def names(self, wide: bool) -> list[str]:
        found = [name for name, kind in self.kinds.items() if (kind == "u64") == wide]
        return found if wide else found + self.counters

    def leaf(self, wide: bool) -> str:
        return self.random.choice(self.names(wide))

    def expr(self, wide: bool, depth: int) -> str:
        random = self.random
        if depth <= 0 or self.chance(6):
            if self.names(wide) and not self.chance(3):
                return random.choice(self.names(wide))
            literal = random.choice(LARGE if wide else LITERALS)
            return f"(-{literal})" if not wide and self.chance(3) else str(literal)
        kind = random.randrange(12)
        if kind < 5:
            left, right = (wide, wide) if not wide else random.choice([(1, 1), (1, 0), (0, 1)])
            op = random.choice(PLAIN)
            return f"({self.expr(bool(left), depth - 1)} {op} {self.expr(bool(right), depth - 1)})"
        if kind < 7:
            op = random.choice(("<<", ">>"))
            count = self.expr(self.chance(3), depth - 2)
            return f"({self.expr(wide, depth - 1)} {op} {count})"
        if kind < 8:
            operand = self.expr(wide, depth - 1)
            return f"({random.choice('+~') if operand.isdigit() else random.choice('-~')}{operand})"
        if kind < 9:
            one, other = self.expr(wide, depth - 1), self.expr(wide, depth - 1)
            return f"({one} if {self.test(depth - 2)} else {other})"
        if kind < 10:
            op = random.choice(("and", "or"))
            return f"({self.expr(wide, depth - 1)} {op} {self.expr(wide, depth - 1)})"
        if kind < 11 and (names := [n for n in self.kinds if (self.kinds[n] == "u64") == wide]):
            return f"({random.choice(names)} := {self.stored(wide, depth - 1)})"
        return f"({self.leaf(True)} ^ {self.test(depth - 1)})" if wide else self.test(depth - 1)

    def test(self, depth: int) -> str:
        random = self.random
        sides = [self.expr(self.chance(3), depth - 1) for _ in range(2)]
        sides.append(self.expr(False, depth - 1))
        one, two = random.choice(COMPARISONS), random.choice(COMPARISONS)
        return random.choice([
            f"({sides[0]} {one} {sides[1]})",
            f"({sides[0]} {one} {sides[1]})",
            f"({sides[0]} {one} {sides[1]} {two} {sides[2]})",
            f"(not {sides[0]})",
            f"({sides[0]} {one} {sides[1]} and {sides[2]})",
            f"({sides[0]} {one} {sides[1]} or {sides[2]})",
        ])  # fmt: skip

    def stored(self, wide: bool, depth: int) -> str:
        """An expression that is not made of literals alone, which might not fit."""
        return f"({self.leaf(wide)} {self.random.choice('+-^')} {self.expr(wide, depth)})"

    # Statements

    def statement(self, indent: int, depth: int) -> None:
        kind = self.random.randrange(10)
        if indent > 2 or kind < 4:
            self.assign(indent, depth)
        elif kind < 6:
            self.augment(indent, depth)
        elif kind < 8:
            self.branch(indent, depth)
        else:
            self.loop(indent, depth)

    def assign(self, indent: int, depth: int) -> None:
        name = self.random.choice(list(self.kinds))
        wide = self.kinds[name] == "u64" or (self.kinds[name] != "" and self.chance(3))
        self.line(indent, f"{name} = {self.stored(wide, depth)}")

    def augment(self, indent: int, depth: int) -> None:
        name = self.random.choice(list(self.kinds))
        wide = self.kinds[name] != "" and self.chance(3)
        op = self.random.choice((*PLAIN, "<<", ">>"))
        self.line(indent, f"{name} {op}= {self.stored(wide, depth - 1)}")

    def branch(self, indent: int, depth: int) -> None:
        self.line(indent, f"if {self.test(depth - 1)}:")
        self.body(indent + 1, depth - 1)
        if self.chance(3):
            self.line(indent, f"elif {self.expr(self.chance(2), depth - 2)}:")
            self.body(indent + 1, depth - 1)
        if self.chance(2):
            self.line(indent, "else:")
            self.body(indent + 1, depth - 1)

    def loop(self, indent: int, depth: int) -> None:
        self.loops += 1
        counter = f"i{self.loops}"
        if self.chance(3):
            self.line(indent, f"{counter} = 0")
            self.line(indent, f"while {counter} < {self.random.randint(0, 4)}:")
            self.line(indent + 1, f"{counter} += 1")
        else:
            bounds = self.random.choice(["3", "(a & 3)", "1, 4", "-2, (b & 3)", "4, -3, -2", "0"])
            self.line(indent, f"for {counter} in range({bounds}):")
        self.counters.append(counter)
        self.body(indent + 1, depth - 1)
        if self.chance(3):
            self.line(indent + 1, f"if {self.test(1)}:")
            self.line(indent + 2, self.random.choice(("break", "continue")))
            self.body(indent + 1, depth - 2)
        self.counters.remove(counter)
        if self.chance(4):
            self.line(indent, "else:")
            self.body(indent + 1, depth - 1)

    def body(self, indent: int, depth: int) -> None:
        for _ in range(self.random.randint(1, 2)):
            self.statement(indent, depth)


def fold(value: int, kind: str) -> int:
    """The input as a constant of its type."""
    from reference import KINDS, fit

    return fit(value, KINDS[kind])


def inputs(random: Random) -> list[int]:
    """Values for `given`, interesting and not, as unsigned 64-bit numbers."""
    return [
        (random.choice(VALUES) if random.randrange(3) else random.getrandbits(64)) & (1 << 64) - 1
        for _ in range(INPUTS)
    ]
