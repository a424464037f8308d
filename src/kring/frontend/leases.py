"""Objects of the kernel that a function gives and another takes back, as streams do with records.

The token of each is held along every path from the call that gives the object, and where it turns
out to be None no more.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from kring.decl.maps import Stream
from kring.frontend.builder import Builder
from kring.frontend.values import Gone, KernelPtr, Lease, Maybe, Token
from kring.ir.core import Span, Value
from kring.record import replace


def lease(
    b: Builder, pointer: KernelPtr, name: str, end: str, give_back: Callable[[Value], object]
) -> Maybe:
    """What the function `name` gave, which must go back by `end` where it is not None."""
    token = Lease(b.span, name, cast("Stream[Any]", None), end, give_back)
    b.held |= {token}
    return Maybe(pointer.pointer, replace(pointer, token=token))


def give_back(b: Builder, token: Token, span: Span) -> None:
    """The object is gone; no variable has it any more."""
    b.held -= {token}
    for variable, val in b.env.items():
        if isinstance(val, KernelPtr) and val.token is token:
            b.env[variable] = Gone(span, "given back", val.struct.__name__)
