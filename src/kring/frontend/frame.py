"""What the compilation of one function carries from statement to statement."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping
from types import FunctionType
from typing import Any, cast

from kring.abi.uapi import NAME_SIZE
from kring.decl.maps import DROPS, SCRATCH, MapDeclaration
from kring.decl.programs import Program
from kring.decl.types import IntType
from kring.decl.variables import Global
from kring.errors import DeclarationError
from kring.frontend.builder import Builder, Join
from kring.frontend.diagnose import name_at, refuse
from kring.frontend.integers import truncate
from kring.frontend.kernel import Facts
from kring.frontend.memory import check_constant
from kring.frontend.module import NotSeparate
from kring.frontend.source import outer_names, span_of
from kring.frontend.streams import close
from kring.frontend.texts import keep
from kring.frontend.values import (
    Items,
    KernelArray,
    KernelPtr,
    Lock,
    Maybe,
    Mixed,
    Num,
    Record,
    Ref,
    Static,
    Text,
    Token,
    Val,
    describe,
)
from kring.ir.core import Span, Value
from kring.record import field, record
from kring.spelling import c_name


@record
class Repeat:
    """A loop being built: where `break` and `continue` lead, the kernel's iterator if one counts
    it, and else how often it comes round at the most, if that is known."""

    after: Join
    next: Join
    iterator: Value | None = None
    rounds: int = 1


@record
class Transaction:
    """A `with …reserve()` block being built, and where it leads when it is left."""

    record: Record
    after: Join


@record
class Locked:
    """A `with value.lock:` block being built; `pointer` is to the lock."""

    lock: Lock
    pointer: Value


@record
class Pending:
    """A pointer found and not taken yet: null is None, `take` copies or refers to what is there.
    `unsure` is why it cannot be used without a comparison with None."""

    pointer: Value
    take: Callable[[], Num | Ref | KernelPtr]
    unsure: tuple[str, ...] = ()


@record
class Decision:
    """A condition that was not asked for yet: `go` sends the path at hand to one of two joins."""

    go: Callable[[Join, Join], None]


@record(eq=False)
class Call:
    """A call of a plain function: who calls, which records are held then, and where the paths that
    return meet, if it is built in the place of the call and not `separate`."""

    frame: Frame
    function: Callable[..., Any]
    span: Span
    after: Join
    held: frozenset[Token]
    separate: bool = False


@record(frozen=False)
class Frame:
    """One function being compiled: its builder, its names, and the blocks it stands in.

    `names` are the kernel's names of maps by the identity of their declarations, `declared` the
    types of annotated variables, `inline` builds a call of a plain function; `caller` is None for
    the program itself, `result` the integer type a called function promises; `unknown` are names
    that were refused, `built` counts the statements built so far.
    """

    b: Builder
    file: str
    program: Program
    outer: Mapping[str, Any]
    local: frozenset[str]
    facts: Facts | None
    names: dict[int, str]
    inline: Callable[[Frame, ast.Call, FunctionType], Val]
    declared: dict[str, IntType] = field(default_factory=dict[str, IntType])
    exits: list[Repeat | Transaction | Locked] = field(
        default_factory=list[Repeat | Transaction | Locked]
    )
    caller: Call | None = None
    result: IntType | None = None
    unknown: set[str] = field(default_factory=set[str])
    built: int = 0

    def called(self, b: Builder, file: str, call: Call, local: frozenset[str]) -> Frame:
        """The frame of a function that this one calls."""
        function = cast("FunctionType", call.function)
        return Frame(
            b, file, self.program, outer_names(function), local, self.facts, self.names,
            self.inline, caller=call,
        )  # fmt: skip

    def stay_inside(self) -> None:
        """Refuse to be compiled apart: what is built next leads out of the function.

        Raises: NotSeparate.
        """
        if self.caller is not None and self.caller.separate:
            raise NotSeparate

    def calls(self) -> Iterator[Call]:
        """The calls that lead here from the program, innermost first."""
        call = self.caller
        while call is not None:
            yield call
            call = call.frame.caller

    def levels(self) -> Iterator[Frame]:
        """This function's frame and those of the calls that lead here, innermost first."""
        yield self
        for call in self.calls():
            yield call.frame

    def blocks(self) -> Iterator[Repeat | Transaction | Locked]:
        """All blocks this is in, the callers' included, innermost first."""
        for level in self.levels():
            yield from reversed(level.exits)

    def leave(self, how: str, depth: int = 0) -> None:
        """End the blocks that are left by going out to `depth` of this function's; `how` is
        `submit` or `discard`."""
        for block in reversed(self.exits[depth:]):
            self.end(block, how)

    def end(self, block: Repeat | Transaction | Locked, how: str) -> None:
        """End what a block holds."""
        match block:
            case Transaction(record):
                close(self.b, record, how)
            case Locked(lock, pointer):
                self.b.held -= {lock}
                self.b.call("spin_unlock", pointer)
            case Repeat(iterator=Value() as iterator):
                from kring.frontend.iterators import end

                end(self.b, iterator)
            case _:
                pass  # a loop that the program counts itself holds nothing

    def at(self, node: ast.expr | ast.stmt | ast.arg | ast.keyword | ast.pattern) -> Span:
        """The node's place, which what is built next is blamed on."""
        self.b.span = span_of(self.file, node)
        return self.b.span

    def annotation(self, node: ast.expr) -> Any:
        """What an annotation stands for."""
        try:
            return eval(compile(ast.Expression(node), self.file, "eval"), dict(self.outer))
        except (NameError, AttributeError, TypeError) as error:
            refuse(self.at(node), f"this annotation cannot be evaluated: {error}")

    def map_name(self, declaration: MapDeclaration, spelled: str) -> str:
        """The name of a map: the variable under which it was first met, cut to 15 characters."""
        known = self.names.get(id(declaration))
        if known is not None:
            return known
        name = c_name(spelled)[:NAME_SIZE]
        if name in (DROPS, SCRATCH, *self.b.module.maps):
            raise DeclarationError(
                f"two maps would be called {name!r} in the kernel, which keeps {NAME_SIZE} "
                f"characters of a name; rename the variable {spelled!r}"
            )
        self.b.module.maps[name] = declaration
        self.names[id(declaration)] = name
        return name

    def bind(self, name: str, val: Val) -> None:
        """Assign to a variable; an annotated one is an integer and holds what its type can."""
        kind = self.declared.get(name)
        if kind is not None:
            num = self.number(val, self.b.span)
            check_constant(self.b, name, kind, num)
            val = truncate(self.b, num, kind)
        if isinstance(val, Maybe) and isinstance(val.inner, Record | KernelPtr):
            self._check_one_name(name, val.inner.token)
        self.b.env[name] = self._kept(val)

    def _kept(self, val: Val) -> Val:
        """What a variable holds: of what does not change in Python, a copy."""
        if isinstance(val, Text):
            return keep(self.b, val)
        if isinstance(val, Items):
            from kring.frontend import items

            return items.keep(self.b, val)
        return val

    def _check_one_name(self, name: str, token: Token | None) -> None:
        """Comparing a reservation with None begins it, so two names would begin it twice."""
        for other, val in self.b.env.items() if token is not None else ():
            match val:
                case Maybe(_, (Record(token=same) | KernelPtr(token=same))) if (
                    same is token and other != name
                ):
                    refuse(
                        self.b.span,
                        f"{other!r} is this reservation already, not yet compared with None",
                        f"compare it first: `if {other} is not None:`",
                    )
                case _:
                    continue

    def number(self, val: Val, span: Span) -> Num:
        """An integer, or an error that says what it is instead."""
        if isinstance(val, Num):
            return val
        refuse(span, f"an integer is wanted here; this is {describe(val)}", *cure(val, span))


_TRUTH = "<truth>"
"""A variable no source can name, for what two paths bring to one place."""


def as_number(b: Builder, decision: Decision) -> Num:
    """A decision, taken now, as 1 or 0."""
    then, otherwise, after = b.join(), b.join(), b.join()
    decision.go(then, otherwise)
    for branch, known in ((then, 1), (otherwise, 0)):
        b.enter(branch)
        if b.block is not None:
            b.env[_TRUTH] = Num(b.const(known))
            b.jump(after)
    b.enter(after)
    truth = b.env.pop(_TRUTH) if b.block is not None else None
    return truth if isinstance(truth, Num) else Num(b.const(0))


def cure(val: Val, span: Span | None = None) -> tuple[str, ...]:
    """What to write instead of using a value as it is, which stands at `span`, if that is known."""
    name = span and name_at(span)
    if not name:
        name = "e" if isinstance(val, Maybe) and isinstance(val.inner, Record) else "x"
    match val:
        case Maybe(_, Num()):
            return (
                f"compare it first: `if {name} is not None:` … or give `get(key, default)` a "
                "default",
            )
        case Maybe() | Mixed():
            return (f"compare it first: `if {name} is not None:`",)
        case KernelPtr():
            return ("`p.field` is a field of it, `int(p)` its address",)
        case KernelArray():
            return ("take one of its elements: `[0]`",)
        case Static(thing) if isinstance(thing, Global):
            return ("write its `.value`",)
        case Items():
            return ("take one of its elements: `x[i]`",)
        case Text():
            return ("a string is compared, with `==` or `.startswith()`, or copied to a field",)
        case _:
            return ()
