"""Blocks, values and variables of the function being built.

Control flow in source is structured, so SSA needs no search: `env` maps each variable to its value
on the path at hand, a `Join` collects the paths that meet at a block, and only variables whose
values differ there get a block parameter. A loop's header takes parameters for the variables its
body assigns, named by the front end. `block` is None where no path leads: nothing is emitted there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from kring.abi.helpers import HELPERS
from kring.decl.variables import CONSTANTS
from kring.frontend.bounds import HIGHEST, LOWEST, Range, bounds
from kring.frontend.diagnose import refuse
from kring.frontend.module import Module, NotSeparate, Separate
from kring.frontend.paths import Carried, Env, Join, Loop, Place, WidenLoop
from kring.frontend.pointers import common as common_type
from kring.frontend.pointers import widest
from kring.frontend.values import (
    Gone,
    Lock,
    Maybe,
    Mixed,
    Nothing,
    Num,
    Poison,
    Record,
    Token,
    Unbound,
    Val,
    describe,
    distinct,
    moves,
    parts,
    unify,
    whole,
    with_parts,
)
from kring.ir.core import (
    I64,
    MASK,
    ROWS,
    Block,
    Edge,
    Fn,
    GlobalRef,
    Imm,
    Mem,
    Op,
    Space,
    Span,
    Type,
    Value,
)
from kring.record import replace

_CHOSEN = "<chosen>"
"""A variable no source can name, for what two paths bring to one place."""
CURSOR = "<cursor>"
"""The variable, which no source can name, that says how far into the packet reading has come."""
_AS_IT_IS = frozenset({Op.CONST, Op.LOAD, Op.PARAM})
"""Numbers of which the verifier knows as much as we do."""

_RESULTS = {
    "int": I64,
    "uint": I64,
    "void": I64,
    "value": Type(Space.VALUE),
    "value?": Type(Space.VALUE, nullable=True),
    "record?": Type(Space.RECORD, nullable=True),
    "kernel": Type(Space.KERNEL),
    "btf": Type(Space.BTF),
    "btf?": Type(Space.BTF, nullable=True),
}


_REACH = 0x7FFF


class Builder:
    """One function under construction, and the path that is being built.

    `carried` are the variables that loops carry as other than they begin, `calls` the calls of
    plain functions that are being built in place, outermost first. `returned` has the signedness of
    what a function compiled apart returns, `whiles` the headers of the loops that no counter
    bounds. `failed` if a statement of the path at hand was refused, and it goes on for the sake of
    other errors; `forgiven` are records that such a statement may have ended. `reach` is how far
    into a packet the program reads at fixed places. `ways` are the edges into each block so far;
    `ranges` the smallest and largest value of numbers that say themselves nothing about it, which
    of those in `unseen` the verifier does not see; `rounds` the loops that carry numbers, and as
    which variables.
    """

    def __init__(
        self,
        name: str,
        module: Module,
        span: Span,
        carried: set[Carried],
        separate: Separate,
    ):
        self.fn = Fn(name)
        self.module = module
        self.span = span
        self.carried = carried
        self.separate = separate
        self.returned: set[bool | None] = set()
        self.whiles: list[tuple[Block, Span]] = []
        self.calls: tuple[Span, ...] = ()
        self.reach = 0
        self.ways: dict[Block, list[tuple[Block, Edge]]] = {}
        self.ranges: dict[Value, Range] = {}
        self.unseen: set[Value] = set()
        self.rounds: dict[Value, tuple[Loop, str]] = {}
        self.env: Env = {}
        self.held: frozenset[Token] = frozenset()
        self.failed = False
        self.forgiven: set[Token] = set()
        self.block: Block | None = self.fn.block()
        self.fn.blocks.append(self.block)

    # Values

    def parameter(self, type: Type) -> Value:
        """One more parameter of the function."""
        param = self.fn.value(Op.PARAM, type=type)
        self.fn.entry.params.append(param)
        return param

    @property
    def context(self) -> Value:
        """The program's context.

        Raises: NotSeparate in a function that is compiled apart.
        """
        if self.fn.name != self.separate.program:
            raise NotSeparate
        return self.fn.entry.params[0]

    def emit(self, op: Op, *args: Value, imm: Imm = None, type: Type = I64) -> Value:
        """The result of an operation, computed now where all operands are constants."""
        evaluate = ROWS[op].evaluate
        if evaluate and args and type == I64 and all(arg.op is Op.CONST for arg in args):
            known = [number(arg) for arg in args]
            return self.const(evaluate(known, imm if isinstance(imm, int) else 0))
        if isinstance(imm, Mem) and imm.offset + imm.size > _REACH:
            # An instruction reaches as far as 16 bits say; the pointer goes there instead.
            args = (self.at(args[0], imm.offset), *args[1:])
            imm = replace(imm, offset=0)
        if self.held and (op is Op.CALL or op is Op.KFUNC):
            self.check_lock()
        value = self.fn.value(op, list(args), imm, type, self.span)
        if self.block is not None:
            self.block.body.append(value)
        return value

    def check_lock(self) -> None:
        """Refuse a call of the kernel's while a lock is held."""
        for token in self.held:
            if isinstance(token, Lock):
                refuse(
                    self.span,
                    f"this calls the kernel, which a program must not while it holds "
                    f"{token.stream}, as it does from line {token.span.line} on",
                    "do it before or after the block; inside, read and write fields only",
                )

    def const(self, number: int) -> Value:
        """A constant, taken modulo 2**64."""
        value = self.fn.value(Op.CONST, imm=number & MASK, span=self.span)
        if self.block is not None:
            self.block.body.append(value)
        return value

    def call(self, helper: str, *args: Value) -> Value:
        """The result of a helper of `kring.abi.helpers`."""
        result = _RESULTS[HELPERS[helper].result]
        return self.emit(Op.CALL, *args, imm=helper, type=result)

    def at(self, pointer: Value, offset: int) -> Value:
        """The address `offset` bytes after a pointer."""
        if not offset:
            return pointer
        return self.emit(Op.ADD, pointer, self.const(offset), type=Type(pointer.type.space))

    def load(self, pointer: Value, mem: Mem, type: Type = I64) -> Value:
        """What memory holds, extended to 64 bits."""
        return self.emit(Op.LOAD, pointer, imm=mem, type=type)

    def store(self, pointer: Value, mem: Mem, value: Value) -> None:
        self.emit(Op.STORE, pointer, value, imm=mem)

    def bounds(self, value: Value) -> Range:
        """Smallest and largest signed reading the value can have."""
        return bounds(value, known=self.range_of)

    def range_of(self, value: Value) -> Range:
        """What is known of a value beyond what it is made of."""
        return self.ranges.get(value, (LOWEST, HIGHEST))

    def stack(self, size: int) -> Value:
        """Memory of the function's own frame, in bytes."""
        return self.emit(Op.STACK, imm=size, type=Type(Space.STACK))

    def map(self, name: str) -> Value:
        return self.emit(Op.MAP, imm=name, type=Type(Space.MAP))

    def constant(self, data: bytes) -> Value:
        """The address of bytes that nobody changes."""
        place = GlobalRef(CONSTANTS, self.module.constant_offset(data))
        return self.emit(Op.GLOBAL, imm=place, type=Type(Space.VALUE))

    # Paths

    def join(self) -> Join:
        """A meeting point that no path leads to yet."""
        return Join(self.fn.block())

    def jump(self, join: Join, way: Callable[[], str] | None = None) -> None:
        """End this path at `join`; `way` says which one it is."""
        if self.block is not None:
            if way is not None:
                join.ways[len(join.paths)] = way
            self._end(Op.JUMP, [], self._edge(join))

    def branch(self, condition: Value, then: Join, otherwise: Join) -> None:
        """End this path at `then` if `condition` is not 0, else at `otherwise`."""
        if self.block is None:
            return
        if condition.op is Op.CONST:
            self.jump(then if condition.imm else otherwise)
            return
        self._end(Op.BR, [condition], self._edge(then), self._edge(otherwise))

    def choose(self, condition: Value, one: Value, other: Value) -> Value:
        """`one` if `condition` is not 0, else `other`."""
        yes, no, after = self.join(), self.join(), self.join()
        self.branch(condition, yes, no)
        for join, value in ((yes, one), (no, other)):
            self.enter(join)
            if self.block is not None:
                self.env[_CHOSEN] = Num(value)
            self.jump(after)
        self.enter(after)
        (chosen,) = parts(self.env.pop(_CHOSEN))
        return chosen

    def ret(self, value: Value) -> None:
        """End this path and the program; a record still held is lost."""
        if self.block is None:
            return
        for token in sorted(self.held - self.forgiven, key=lambda token: token.span):
            refuse(
                self.span,
                f"{token.text()} on line {token.span.line} is lost when the program leaves here",
                f"{token.end} on this path first",
            )
        self._end(Op.RET, [value])

    def enter(self, join: Join) -> None:
        """Go on where the paths of `join` meet; nowhere if there are none."""
        if not join.paths:
            self.block = None
            return
        self.block = join.block
        self.failed = join.failed
        self.fn.blocks.append(join.block)
        envs = [env for _, env, _, _ in join.paths]
        self.held = self._same_records(join)
        names = {name: None for env in envs for name in env}
        self.env = {name: self._merge(join, name, envs) for name in names}
        self.env.update(dict.fromkeys(join.spoiled, Poison()))

    def loop(self, span: Span, assigned: Iterable[str]) -> Loop:
        """Go on in a new loop's header, which carries the variables in `assigned` round."""
        header = self.fn.block()
        place = (*self.calls, span)
        moving = [name for name, val in self.env.items() if moves(val)]
        wanted = dict.fromkeys((CURSOR, *assigned, *moving))
        names = tuple(name for name in wanted if name in self.env)
        values: list[Value] = []
        types: dict[str, Type] = {}
        for name in names:
            val = self.env[name]
            if isinstance(val, Num) and (type := self._carried(place, name)) is not None:
                if isinstance(type, Mixed):
                    self.env[name] = type
                    continue
                types[name] = type
                val = self.env[name] = Num(self._as(type, val.value, self.block), signed=False)
            values += distinct(val)
        if self.block is not None:
            self._end(Op.JUMP, [], Edge(header, values))
        for name in names:
            self.env[name] = self._parameters(header, self.env[name], types.get(name))
        self.block = header
        self.fn.blocks.append(header)
        loop = Loop(place, header, names, tuple(self.env[name] for name in names), self.held)
        for name, shape in zip(names, loop.shapes, strict=True):
            if isinstance(shape, Num):
                self.rounds[shape.value] = loop, name
        return loop

    def _carried(self, place: Place, name: str) -> Type | Mixed | None:
        """As what a loop carries a variable, if not as it begins."""
        found = [type for at, one, type in self.carried if one == name and at == place]
        unusable = next((type for type in found if isinstance(type, Mixed)), None)
        if unusable is not None or not found:
            return unusable
        return widest(type for type in found if not isinstance(type, Mixed))

    def again(self, loop: Loop) -> None:
        """End this path at the loop's header."""
        if self.block is None:
            return
        values: list[Value] = []
        for name, shape in zip(loop.names, loop.shapes, strict=True):
            now = self.env[name]
            common = unify(shape, now)
            if isinstance(shape, Num) and isinstance(now, Num):
                if shape.value.type != now.value.type:
                    now = self._come_round(loop, name, shape.value, now)
                if shape.signed and not now.signed:
                    raise WidenLoop(loop, name)
            elif isinstance(shape, Num) and isinstance(now, Mixed) and now.plain:
                raise WidenLoop(loop, name, now)
            elif len(distinct(now)) != len(distinct(shape)) or isinstance(common, Mixed):
                if not isinstance(shape, Mixed | Unbound | Gone) and common != Poison():
                    refuse(
                        loop.span,
                        f"{name!r} holds {describe(shape)} when the loop begins and "
                        f"{describe(now)} when it comes round",
                        "give the two things two names",
                    )
                continue
            values += distinct(now)
        lost = (self.held ^ loop.held) - self.forgiven
        if lost and not self.failed:
            first = min(lost, key=lambda token: token.span)
            refuse(
                first.span,
                f"{first.text(' here')} is still held when the loop comes round",
                f"{first.end} inside the loop",
            )
        self._end(Op.JUMP, [], Edge(loop.block, values))

    def _come_round(self, loop: Loop, name: str, param: Value, now: Num) -> Num:
        """A variable as the parameter of a loop's header takes it.

        Raises: WidenLoop if it is of another type, and could be.
        """
        first = self._first(param)
        type = common_type([first if self._is_zero(first) else param, now.value], self._is_zero)
        if isinstance(type, Mixed) or type != param.type:
            raise WidenLoop(loop, name, type)
        return replace(now, value=self._as(type, now.value, self.block))

    def _first(self, value: Value) -> Value:
        """What a value that loops carry begins as."""
        while value in self.rounds:
            block = self.rounds[value][0].block
            value = self.ways[block][0][1].args[block.params.index(value)]
        return value

    def _widen(self, values: Sequence[Value]) -> None:
        """Build again with a pointer, where a loop carried as a number what begins as 0.

        Raises: WidenLoop if there is such a value among some that have no type in common.
        """
        for value in values:
            if value in self.rounds and value.type == I64 and self._is_zero(self._first(value)):
                loop, name = self.rounds[value]
                others = [one.type for one in values if one.type.space is not None]
                raise WidenLoop(loop, name, widest(others, null=True))

    def _end(self, op: Op, args: list[Value], *edges: Edge) -> None:
        assert self.block is not None
        self.block.end = self.fn.value(op, args, span=self.span)
        self.block.edges = list(edges)
        for edge in edges:
            self.ways.setdefault(edge.block, []).append((self.block, edge))
        self.block = None

    def _edge(self, join: Join) -> Edge:
        edge = Edge(join.block)
        join.paths.append((edge, dict(self.env), self.held, self.span))
        join.failed |= self.failed
        return edge

    def _merge(self, join: Join, name: str, envs: list[Env]) -> Val:
        vals = [env.get(name, Unbound()) for env in envs]
        if (again := self._found_again(join, vals)) is not None:
            return Poison() if join.failed else again
        common = vals[0]
        for val in vals[1:]:
            if val is not common:
                common = unify(common, val)
        if join.failed and isinstance(common, Unbound | Gone | Mixed):
            return Poison()
        columns = list(zip(*(parts(val) for val in vals), strict=False))
        if len(columns) != len(parts(common)) or all(val is common for val in vals):
            return common
        merged: dict[tuple[Value, ...], Value] = {}
        for column in columns:
            if all(value is column[0] for value in column):
                merged[column] = column[0]
            elif column not in merged:
                type = common_type(column, self._is_zero)
                if isinstance(type, Mixed):
                    self._widen(column)
                    return type
                merged[column] = self._parameter(join.block, type)
                self._note_range(merged[column], column)
                self._pass_to(join, type, column)
        return with_parts(common, tuple(merged[column] for column in columns))

    def _note_range(self, param: Value, values: tuple[Value, ...]) -> None:
        """Say that a number is one of some others."""
        if param.type is I64:
            lows, highs = zip(*(self.bounds(value) for value in values), strict=True)
            self.ranges[param] = min(lows), max(highs)
            if not all(value.op in _AS_IT_IS and value not in self.unseen for value in values):
                self.unseen.add(param)

    def _found_again(self, join: Join, vals: list[Val]) -> Maybe | None:
        """What was split by a comparison with None, whole again; None if it is not just that."""
        origin = next((whole(val) for val in vals if isinstance(val, Nothing | Maybe)), None)
        if origin is None or isinstance(origin.inner, Record):
            return None
        if all(isinstance(val, Nothing) for val in vals) or all(val == vals[0] for val in vals):
            return None
        for val in vals:
            same = whole(val) if isinstance(val, Nothing | Maybe) else val
            if same not in (origin, origin.inner):
                return None
        if not isinstance(origin.inner, Num):
            return origin
        values = [val.zero if isinstance(val, Nothing) else parts(val)[-1] for val in vals]
        number = self._parameter(join.block, values[0].type)
        self._pass_to(join, number.type, values)
        return Maybe(origin.present, Num(number, origin.inner.signed), origin)

    def _is_zero(self, value: Value) -> bool:
        return value.type == I64 and self.bounds(value) == (0, 0)

    def _pass_to(self, join: Join, type: Type, values: Iterable[Value]) -> None:
        """Give a parameter of the join its argument on each path."""
        sources = {edge: block for block, edge in self.ways[join.block]}
        for (edge, _, _, _), value in zip(join.paths, values, strict=True):
            edge.args.append(self._as(type, value, sources[edge]))

    def _as(self, type: Type, value: Value, block: Block | None) -> Value:
        """The value as the argument of a parameter: a number that is 0 is null to a pointer."""
        if type.space is None or value.type.space is not None or block is None:
            return value
        null = self.fn.value(Op.CONST, imm=0, type=Type(type.space, True), span=value.span)
        block.body.append(null)
        return null

    def _parameter(self, block: Block, type: Type) -> Value:
        param = self.fn.value(Op.PARAM, type=type, span=self.span)
        block.params.append(param)
        return param

    def _parameters(self, block: Block, val: Val, type: Type | None) -> Val:
        made: dict[Value, Value] = {}
        found: list[Value] = []
        for value in parts(val):
            if value not in made or not value.type.nullable:
                made[value] = self._parameter(block, type or value.type)
            found.append(made[value])
        return with_parts(val, tuple(found))

    def _same_records(self, join: Join) -> frozenset[Token]:
        held = join.paths[0][2]
        for index, (_, _, other, _) in enumerate(join.paths):
            for token in (held ^ other) - self.forgiven:
                if join.failed or token.loose:
                    self.forgiven.add(token)
                    continue
                keeps, ends = (0, index) if token in held else (index, 0)
                refuse(
                    token.span,
                    f"{token.text(' here')} is lost on a path: it is "
                    f"still held {join.way(keeps)}, and not {join.way(ends)}",
                    f"{token.end} on every path where {token.there}, once",
                )
        return held


def number(value: Value) -> int:
    """What a constant is, unsigned."""
    assert isinstance(value.imm, int)
    return value.imm
