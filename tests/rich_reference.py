"""The oracle of programs with structs, maps, records, functions and shared variables.

A `World` is what stays from run to run. Structs are dicts of their fields, as the paths from the
struct down; one that is in a map is the dict itself, so that a reference sees what is written.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from reference import KINDS, Machine, Return, fit

Record = dict[str, int]

_FIELDS: dict[str, Callable[[int], int]] = {
    name: lambda value, kind=KINDS[kind]: fit(value, kind)
    for name, kind in {"a": "i32", "n.p": "u8", "n.q": "u32", "n.r": "i16", "b": "u64", "c": "u16",
                       "d": "i8", "k": "u8", "l": "u32"}.items()
}  # fmt: skip
_FIELDS["lo"] = lambda value: value & 7
_FIELDS["hi"] = lambda value: value & 2047
_FIELDS["sg"] = lambda value: (value & 127) - (value & 64) * 2
STRUCTS = {
    "Pair": ("a", "n.p", "n.q", "n.r", "b", "lo", "hi", "sg", "c", "d"),
    "Key": ("k", "l"),
}
_WIDE = {"b"}
_HASHES = {"counts": "u64", "keyed": "i32"}
_MOST = 4
_RING, _TAKEN = 4096, 40
"""Bytes of the ring, and those that one record takes of it with its header."""


class Dropped(Exception):
    """A `raise Discard` on its way to its block."""


@dataclass
class World:
    """What programs leave behind."""

    counts: dict[int, int] = field(default_factory=dict[int, int])
    keyed: dict[tuple[int, ...], int] = field(default_factory=dict[tuple[int, ...], int])
    table: dict[int, Record] = field(default_factory=dict[int, Record])
    slots: list[int] = field(default_factory=lambda: [0] * 4)
    variables: dict[str, int] = field(default_factory=lambda: {"small": 7, "large": -9})
    records: list[Record] = field(default_factory=list[Record])
    used: int = 0
    lost: int = 0


def run(source: str, given: dict[str, int], world: World) -> dict[str, int]:
    """What `program` stores into fields of `o`, as unsigned numbers."""
    tree = ast.parse(source)
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    machine = RichMachine(functions["program"], given, functions, world)
    try:
        machine.block(functions["program"].body)
    except Return:
        pass
    return machine.out


class RichMachine(Machine):
    """One function being run."""

    def __init__(
        self,
        function: ast.FunctionDef,
        given: dict[str, int],
        functions: dict[str, ast.FunctionDef],
        world: World,
    ) -> None:
        super().__init__(function, given)
        self.function = function
        self.functions = functions
        self.world = world
        self.structs: dict[str, Record] = {}
        self.kinds |= {
            arg.arg: KINDS[ast.unparse(arg.annotation)]
            for arg in function.args.args
            if arg.annotation
        }

    # Statements

    def statement(self, node: ast.stmt) -> None:
        match node:
            case ast.Assign([ast.Name(name)], ast.Call(ast.Name("Pair")) as call):
                self.structs[name] = self.construct(call)
            case ast.Assign([ast.Name(name)], ast.Name(other)) if other in self.structs:
                self.structs[name] = self.structs[other]
            case ast.Assign([ast.Attribute() as target], value) if self.owner(target) != "o":
                self.assign(target, self.value(value))
            case ast.Assign([ast.Subscript(ast.Name(name), index)], value):
                stored = self.struct(value) if name == "table" else self.value(value)
                self.put(name, self.key(index), stored)
            case ast.AugAssign(ast.Attribute() as target, op, value):
                # What is atomic reads its place last, after all that the value does.
                amount = ast.Constant(self.value(value))
                self.assign(target, self.value(ast.BinOp(target, op, amount)))
            case ast.AugAssign(ast.Subscript(ast.Name(name), index), _, value):
                key, amount = self.key(index), self.value(value)
                self.put(name, key, self.held(name).get(key, 0) + amount)
            case ast.Delete([ast.Subscript(ast.Name(name), index)]):
                self.held(name).pop(self.key(index), None)
            case ast.If(ast.Compare(ast.NamedExpr(ast.Name(name), call), [ast.IsNot()], _)):
                self.block(node.body if self.found(name, call) else node.orelse)
            case ast.With([ast.withitem(_, ast.Name(name))], body):
                self.reserve(name, body)
            case ast.Raise():
                raise Dropped
            case ast.Return(value) if value is not None:
                raise Return(self.value(value))
            case ast.Match(subject, cases):
                self.match(self.value(subject), cases)
            case _:
                super().statement(node)

    def match(self, subject: int, cases: list[ast.match_case]) -> None:
        for case in cases:
            wanted = {int(text) for text in ast.unparse(case.pattern).split(" | ")}
            if subject in wanted and (case.guard is None or self.value(case.guard)):
                self.block(case.body)
                return

    def reserve(self, name: str, body: list[ast.stmt]) -> None:
        if self.world.used + _TAKEN > _RING - 1:
            self.world.lost += 1
            return
        self.world.used += _TAKEN
        record = self.structs[name] = dict.fromkeys(STRUCTS["Pair"], 0)
        place = len(self.world.records)
        self.world.records.append(record)
        try:
            self.block(body)
        except Dropped:
            self.world.records[place] = {}
        self.structs.pop(name, None)

    def found(self, name: str, call: ast.expr) -> bool:
        match call:
            case ast.Call(ast.Attribute(ast.Name("table"), "get"), [key]):
                record = self.world.table.get(self.key(key))
                if record is not None:
                    self.structs[name] = record
                return record is not None
            case ast.Call(ast.Attribute(ast.Name("counts"), "pop"), [key]):
                value = self.world.counts.pop(self.key(key), None)
                self.kinds[name] = KINDS["u64"]
                if value is not None:
                    self.values[name] = value
                return value is not None
            case _:
                raise AssertionError(ast.unparse(call))

    def assign(self, target: ast.Attribute, value: int) -> None:
        owner, path = self.owner(target), self.path(target)
        if path == "value":
            kind = {"small": "u32", "large": "i64"}[owner]
            self.world.variables[owner] = fit(value, KINDS[kind])
        else:
            self.structs[owner][path] = _FIELDS[path](value)

    def put(self, name: str, key: Any, value: Any) -> None:
        if name == "slots":
            if 0 <= key < len(self.world.slots):
                self.world.slots[key] = fit(value, KINDS["i16"])
            return
        held = self.held(name)
        if key in held or len(held) < _MOST:
            held[key] = dict(value) if name == "table" else fit(value, KINDS[_HASHES[name]])

    # Expressions

    def owner(self, node: ast.expr) -> str:
        while isinstance(node, ast.Attribute):
            node = node.value
        return ast.unparse(node)

    def path(self, node: ast.Attribute) -> str:
        return ast.unparse(node).partition(".")[2]

    def held(self, name: str) -> dict[Any, Any]:
        held: dict[Any, Any] = getattr(self.world, name)
        return held

    def key(self, node: ast.expr) -> Any:
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "Key":
            return tuple(self.construct(node).values())
        return self.value(node)

    def struct(self, node: ast.expr) -> Record:
        return self.construct(node) if isinstance(node, ast.Call) else self.structs[node.id]  # type: ignore[attr-defined]

    def construct(self, call: ast.Call) -> Record:
        made = dict.fromkeys(STRUCTS[ast.unparse(call.func)], 0)
        for keyword in call.keywords:
            if isinstance(keyword.value, ast.Call) and ast.unparse(keyword.value.func) == "Inner":
                for inner in keyword.value.keywords:
                    path = f"{keyword.arg}.{inner.arg}"
                    made[path] = _FIELDS[path](self.value(inner.value))
            else:
                made[str(keyword.arg)] = _FIELDS[str(keyword.arg)](self.value(keyword.value))
        return made

    def unsigned(self, node: ast.expr) -> bool:
        match node:
            case ast.Attribute() if self.owner(node) in self.structs:
                return self.path(node) in _WIDE
            case ast.Attribute(_, "value") | ast.Subscript():
                return False
            case ast.Call(ast.Attribute(ast.Name(name), "get")):
                return name == "counts"
            case ast.Call(ast.Name(name)):
                returns = self.functions[name].returns
                return returns is not None and ast.unparse(returns) == "u64"
            case _:
                return super().unsigned(node)

    def exact(self, node: ast.expr) -> int:
        match node:
            case ast.Attribute() if self.owner(node) in self.structs:
                return self.structs[self.owner(node)][self.path(node)]
            case ast.Attribute(ast.Name(name), "value"):
                return self.world.variables[name]
            case ast.Subscript(_, index):
                at = self.value(index)
                return self.world.slots[at] if 0 <= at < len(self.world.slots) else 0
            case ast.Call(ast.Attribute(ast.Name(name), "get"), [key, default]):
                found, otherwise = self.key(key), self.value(default)
                return self.held(name).get(found, otherwise)
            case ast.Compare(key, [ast.In() | ast.NotIn() as op], [ast.Name(name)]):
                return int((self.key(key) in self.held(name)) is isinstance(op, ast.In))
            case ast.Call(ast.Name(name), arguments):
                return self.call(self.functions[name], [self.value(one) for one in arguments])
            case _:
                return super().exact(node)

    def call(self, function: ast.FunctionDef, arguments: list[int]) -> int:
        machine = RichMachine(function, {}, self.functions, self.world)
        for arg, value in zip(function.args.args, arguments, strict=True):
            machine.bind(arg.arg, value)
        returns = ast.unparse(function.returns) if function.returns else "int"
        try:
            machine.block(function.body)
        except Return as given:
            return fit(given.args[0], KINDS.get(returns, KINDS["i64"]))
        raise AssertionError(f"{function.name} returned nothing")
