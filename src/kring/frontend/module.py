"""What the programs of one build share, and the functions of one program."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from kring.decl.maps import MapDeclaration, PlainMap
from kring.decl.partial import Used
from kring.decl.struct import Struct, layout
from kring.decl.variables import Global
from kring.errors import CompileError, DeclarationError
from kring.record import field, record

if TYPE_CHECKING:
    from kring.decl.kfuncs import Kfunc
    from kring.frontend.builder import Builder


class NotSeparate(Exception):
    """A function that is compiled apart reaches beyond itself: it has to be built in place."""


@record(frozen=False)
class Separate:
    """The functions of one program that are compiled apart from it.

    `chosen` are those to be, `refused` those that cannot be; `sizes` has for each function how
    many values each of its calls that was built in place took; `made` and `builders` is what came
    of the chosen, by what they were called with and by name.
    """

    program: str
    chosen: set[Callable[..., Any]]
    refused: set[Callable[..., Any]]
    sizes: dict[Callable[..., Any], list[int]] = field(
        default_factory=dict[Callable[..., Any], list[int]]
    )
    made: dict[tuple[object, ...], Any] = field(default_factory=dict[tuple[object, ...], Any])
    builders: dict[str, Builder] = field(default_factory=dict[str, "Builder"])

    def worthwhile(self) -> set[Callable[..., Any]]:
        """The functions that took more room in place of their calls than calls would take."""
        return {
            function
            for function, sizes in self.sizes.items()
            if sum(sizes) - max(sizes) - _CALL * len(sizes) >= _WORTH
            and function not in self.refused
        }


_CALL = 4
"""What a call itself takes, in IR values."""
_WORTH = 64
"""IR values that calls must save to be worth it: they cost time, and hide what is known."""


@record(frozen=False)
class Module:
    """What all programs of one build share: maps by name, the kernel structs they look into, the
    streams whose losses are counted, kernel functions by name, variables by name with their
    offsets in bytes, constant bytes with theirs, the sizes of large structs by where they are
    made, and what the compiler refused so far. `records` are the types of streams that do not
    declare one, None where there are several."""

    maps: dict[str, MapDeclaration | PlainMap] = field(
        default_factory=dict[str, "MapDeclaration | PlainMap"]
    )
    records: dict[str, type[Struct] | None] = field(
        default_factory=dict[str, "type[Struct] | None"]
    )
    texts: dict[type[Struct], set[str]] = field(default_factory=dict["type[Struct]", set[str]])
    """Arrays of bytes, by their structs, that programs fill with strings."""
    structs: dict[str, type[Struct]] = field(default_factory=dict[str, "type[Struct]"])
    """Structs of a source that are types of the object whether or not a map holds them, and"""
    numbers: dict[str, int] = field(default_factory=dict[str, int])
    """its constants, both by their names in C."""
    notes: dict[str, None] = field(default_factory=dict[str, None])
    kernel_types: dict[str, Used] = field(default_factory=dict[str, Used])
    drops: list[str] = field(default_factory=list[str])
    kfuncs: dict[str, Kfunc] = field(default_factory=dict[str, Any])
    variables: dict[str, tuple[int, Global[Any]]] = field(
        default_factory=dict[str, tuple[int, Global[Any]]]
    )
    scratch: dict[object, int] = field(default_factory=dict[object, int])
    errors: list[CompileError] = field(default_factory=list[CompileError])
    refused: int = 0
    """Statements that were refused: an error in a function that two programs call is kept once."""
    constants: bytearray = field(default_factory=bytearray)
    constant_places: dict[bytes, int] = field(default_factory=dict[bytes, int])

    def constant_offset(self, data: bytes) -> int:
        """Where constant bytes lie among those of the build."""
        if data not in self.constant_places:
            self.constant_places[data] = len(self.constants)
            self.constants += data
        return self.constant_places[data]

    def drop_index(self, stream: str) -> int:
        """Which entry of the drop counters is the stream's."""
        if stream not in self.drops:
            self.drops.append(stream)
        return self.drops.index(stream)

    def scratch_index(self, place: object, size: int) -> int:
        """Which entry of the scratch map holds the struct of that many bytes made at a place."""
        self.scratch[place] = size
        return list(self.scratch).index(place)

    def variable_offset(self, name: str, declaration: Global[Any]) -> int:
        """Where a variable lies among those of the build.

        Raises: DeclarationError if another one has the name.
        """
        if name not in self.variables:
            end, align = len(self.variable_data()), layout(declaration.cell).align
            self.variables[name] = -(-end // align) * align, declaration
        offset, known = self.variables[name]
        if known is not declaration:
            raise DeclarationError(f"two variables are called {name!r}; rename one of them")
        return offset

    def variable_data(self) -> bytes:
        """The first values of all variables, each at its offset."""
        data = b""
        for offset, declaration in self.variables.values():
            data = data.ljust(offset, b"\0") + declaration.initial
        return data
