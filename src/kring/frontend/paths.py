"""What the builder keeps of paths: where they meet, and the loops they go round.

`Env` is what variables hold on one path, by name.
"""

from __future__ import annotations

from collections.abc import Callable

from kring.frontend.values import Mixed, Token, Val
from kring.ir.core import I64, Block, Edge, Span, Type
from kring.record import field, record

Env = dict[str, Val]
Place = tuple[Span, ...]
"""Where something is in the program: the calls that lead there, outermost first, and its span."""
Carried = tuple[Place, str, Type | Mixed]
"""A variable that the loop there carries round as a pointer of that type, as an unsigned number,
or, as what nobody may use, not at all."""


class WidenLoop(Exception):
    """A loop turned a signed variable into an unsigned one, or a number into a pointer: build
    again with `key` among what loops carry so."""

    def __init__(self, loop: Loop, name: str, type: Type | Mixed = I64) -> None:
        super().__init__(loop.span, name)
        self.key: Carried = (loop.place, name, type)


@record(frozen=False)
class Join:
    """A block to come, and the paths that lead to it so far.

    `failed` if a statement was refused on one of them, `spoiled` what is not known here therefore;
    `ways` say of paths by their index which ones they are.
    """

    block: Block
    paths: list[tuple[Edge, Env, frozenset[Token], Span]] = field(
        default_factory=list[tuple[Edge, Env, frozenset[Token], Span]]
    )
    failed: bool = False
    spoiled: set[str] = field(default_factory=set[str])
    ways: dict[int, Callable[[], str]] = field(default_factory=dict[int, Callable[[], str]])

    def way(self, index: int) -> str:
        """One of the paths, in the words of an error message."""
        if index in self.ways:
            return self.ways[index]()
        return f"on the path through line {self.paths[index][3].line}"


@record(frozen=False)
class Loop:
    """A loop's header and the shapes of the variables it carries round."""

    place: Place
    block: Block
    names: tuple[str, ...]
    shapes: tuple[Val, ...]
    held: frozenset[Token]

    @property
    def span(self) -> Span:
        return self.place[-1]
