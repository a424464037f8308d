"""Variables that programs and user space share, declared: one value each, of a stated type."""

from __future__ import annotations

from typing import Annotated, Any, Generic, TypeVar, cast

from kring.decl.maps import Declaration
from kring.decl.struct import Struct, pack
from kring.decl.types import IntType
from kring.errors import DeclarationError

V = TypeVar("V")

DATA = ".data"
"""The map that holds all of a build's variables in its only value, named as compilers name it."""


CONSTANTS = ".rodata"
"""The map that holds what programs only read, texts for the trace, named as compilers name it."""


class Global(Declaration, Generic[V]):
    """One value that programs read and assign as `.value`, and user space as `s[it].value`.

    It holds `initial` when a session begins. Assignment truncates in programs, as to a field;
    `+=` is atomic. `cell` is the struct of that one field, `initial` its bytes.
    """

    __slots__ = ("cell", "initial")
    cell: type[Struct]
    initial: bytes
    value: V

    def __init__(self, initial: V) -> None:
        if len(self.types) != 1:
            raise DeclarationError("Global needs its type: `Global[u32](…)`")
        (kind,) = self.types
        annotation: Any = Annotated[int, kind] if isinstance(kind, IntType) else kind
        made = type("Global", (Struct,), {"__annotations__": {"value": annotation}})
        cell = cast("type[Struct]", made)
        object.__setattr__(self, "cell", cell)
        try:
            object.__setattr__(self, "initial", pack(cell(value=initial)))
        except AttributeError:
            raise DeclarationError(f"Global: {initial!r} is no {annotation.__name__}") from None
