"""The integer rules in Python's own integers: the oracle of the tests.

`run(source, given)` executes the statements of a program, with `given` for the fields it reads
from `g`, and returns the fields it stores into `o`. An integer is the mathematical value and
whether it is `u64`, which is known without running: variables keep the type they were annotated
with, unannotated ones are signed.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Iterable, Mapping

from kring.decl.types import IntType

KINDS = {f"{'i' if s else 'u'}{n * 8}": IntType(n, s) for n in (1, 2, 4, 8) for s in (True, False)}
_PLAIN: dict[type[ast.operator], Callable[[int, int], int]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.BitAnd: lambda a, b: a & b,
    ast.BitOr: lambda a, b: a | b,
    ast.BitXor: lambda a, b: a ^ b,
    ast.FloorDiv: lambda a, b: a // b if b else 0,
    ast.Mod: lambda a, b: a % b if b else a,
}
_SHIFTS: dict[type[ast.operator], Callable[[int, int], int]] = {
    ast.LShift: lambda a, n: a << (n & 63),
    ast.RShift: lambda a, n: a >> (n & 63),
}
_UNARY: dict[type[ast.unaryop], Callable[[int], int]] = {
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
    ast.Invert: operator.inv,
    ast.Not: operator.not_,
}
_COMPARISONS: dict[type[ast.cmpop], Callable[[int, int], bool]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}


class Break(Exception):
    """A `break` on its way to its loop."""


class Continue(Exception):
    """A `continue` on its way to its loop."""


class Return(Exception):
    """A `return` on its way out, with what it gives."""


def fit(value: int, kind: IntType) -> int:
    """The number that a place of that type holds when the value is stored there."""
    low = value & ((1 << kind.size * 8) - 1)
    return low - (1 << kind.size * 8) if kind.signed and low >> (kind.size * 8 - 1) else low


def run(source: str, given: Mapping[str, int]) -> dict[str, int]:
    """What the first function of a source stores into fields of `o`, as unsigned numbers."""
    tree = ast.parse(source)
    function = next(node for node in tree.body if isinstance(node, ast.FunctionDef))
    machine = Machine(function, given)
    try:
        machine.block(function.body)
    except Return:
        pass
    return machine.out


class Machine:
    def __init__(self, function: ast.FunctionDef, given: Mapping[str, int]) -> None:
        self.given = given
        self.out: dict[str, int] = {}
        self.values: dict[str, int] = {}
        self.kinds = {
            ast.unparse(node.target): KINDS[ast.unparse(node.annotation)]
            for node in ast.walk(function)
            if isinstance(node, ast.AnnAssign)
        }

    def block(self, statements: list[ast.stmt]) -> None:
        for node in statements:
            self.statement(node)

    def statement(self, node: ast.stmt) -> None:
        match node:
            case ast.AnnAssign(ast.Name(name), _, ast.expr() as value):
                self.bind(name, self.value(value))
            case ast.Assign([ast.Name(name)], value):
                self.bind(name, self.value(value))
            case ast.Assign([ast.Attribute(_, field)], value):
                self.out[field] = fit(self.value(value), KINDS["u64"])
            case ast.AugAssign(ast.Name(name) as target, op, value):
                read = ast.Name(name, ast.Load())
                self.bind(name, self.value(ast.BinOp(ast.copy_location(read, target), op, value)))
            case ast.If(ast.BoolOp(_, [ast.Compare(_, [ast.Is()]), _])):
                """Whether `g` and `o` are there, which they are."""
            case ast.If(test, body, otherwise):
                self.block(body if self.value(test) else otherwise)
            case ast.For(ast.Name(name), ast.Call(_, arguments), body, otherwise):
                numbers = [self.value(argument) for argument in arguments]
                self.loop(iter(range(*numbers)), name, body, otherwise)
            case ast.While(test, body, otherwise):
                self.loop(iter(lambda: bool(self.value(test)), False), "", body, otherwise)
            case ast.Break():
                raise Break
            case ast.Continue():
                raise Continue
            case ast.Return():
                raise Return
            case _:
                raise AssertionError(ast.unparse(node))

    def loop(
        self, steps: Iterable[int], name: str, body: list[ast.stmt], otherwise: list[ast.stmt]
    ) -> None:
        for step in steps:
            if name:
                self.bind(name, step)
            try:
                self.block(body)
            except Continue:
                continue
            except Break:
                return
        self.block(otherwise)

    def bind(self, name: str, value: int) -> None:
        self.values[name] = fit(value, self.kinds.get(name, KINDS["i64"]))

    def unsigned(self, node: ast.expr) -> bool:
        """Whether an expression is `u64`."""
        match node:
            case ast.Constant(int() as value):
                return value >= 1 << 63
            case ast.Name(name):
                return self.kinds.get(name) == KINDS["u64"]
            case ast.Attribute():
                return True
            case ast.UnaryOp(ast.USub(), ast.Constant()) | ast.UnaryOp(ast.Not()) | ast.Compare():
                return False
            case ast.UnaryOp(_, operand):
                return self.unsigned(operand)
            case ast.BinOp(left, op, right):
                return self.unsigned(left) or (type(op) not in _SHIFTS and self.unsigned(right))
            case ast.IfExp(_, one, other) | ast.BoolOp(_, [one, other]):
                return self.unsigned(one) or self.unsigned(other)
            case ast.NamedExpr(target):
                return self.unsigned(target)
            case _:
                return False

    def value(self, node: ast.expr) -> int:
        """The value of an expression, wrapped to 64 bits."""
        return fit(self.exact(node), KINDS["u64" if self.unsigned(node) else "i64"])

    def exact(self, node: ast.expr) -> int:
        match node:
            case ast.Constant(int() as value):
                return value
            case ast.Name(name):
                return self.values[name]
            case ast.Attribute(_, field):
                return self.given[field]
            case ast.NamedExpr(ast.Name(name), value):
                self.bind(name, self.value(value))
                return self.values[name]
            case ast.UnaryOp(op, operand):
                value = self.value(operand)
                return _UNARY[type(op)](value)
            case ast.BinOp(left, op, right):
                a, b = self.value(left), self.value(right)
                if type(op) in _SHIFTS:
                    return _SHIFTS[type(op)](a, b)
                if self.unsigned(node):
                    a, b = fit(a, KINDS["u64"]), fit(b, KINDS["u64"])
                return _PLAIN[type(op)](a, b)
            case ast.Compare(left, ops, comparators):
                a = self.value(left)
                for op, expression in zip(ops, comparators, strict=True):
                    b = self.value(expression)
                    if not _COMPARISONS[type(op)](a, b):
                        return 0
                    a = b
                return 1
            case ast.IfExp(test, one, other):
                return self.value(one if self.value(test) else other)
            case ast.BoolOp(op, [one, other]):
                value = self.value(one)
                return self.value(other) if bool(value) is isinstance(op, ast.And) else value
            case _:
                raise AssertionError(ast.unparse(node))
