"""`x in (80, 443)`: one of a few values, written where it is asked or a constant of Python's.

In: the value asked for and the collection. Out: one comparison for each member, up to the first
that holds.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable
from typing import cast

from kring.frontend import integers
from kring.frontend.builder import Join
from kring.frontend.diagnose import refuse
from kring.frontend.expressions import evaluate, static
from kring.frontend.frame import Frame
from kring.frontend.texts import encoded, equal, in_memory
from kring.frontend.values import Num, Static, Text, Val, describe

_KNOWN = (tuple, list, set, frozenset, range)
_MOST = 64
"""Members that are compared one by one; a map is the place for more."""


def members(frame: Frame, node: ast.expr, owner: Val | None) -> list[Val] | None:
    """The values of a collection, which `owner` is if it is not written here; None of others."""
    if isinstance(node, ast.Tuple | ast.List | ast.Set):
        found = [evaluate(frame, one) for one in node.elts]
    else:
        listed = owner.object if isinstance(owner, Static) else None
        if not isinstance(listed, _KNOWN):
            return None
        found = [static(frame, one) for one in _in_order(cast("Iterable[object]", listed))]
    if len(found) > _MOST:
        refuse(
            frame.at(node),
            f"{len(found)} values would be compared one by one",
            "keep them as the keys of a `Hash`, and ask `x in the_map`",
        )
    return found


def _in_order(listed: Iterable[object]) -> Iterable[object]:
    """The members in an order that is the same whenever it is built."""
    return sorted(listed, key=repr) if isinstance(listed, set | frozenset) else listed


def among(frame: Frame, node: ast.expr, found: list[Val], then: Join, otherwise: Join) -> None:
    """Go to `then` if the left side is one of the members, else to `otherwise`."""
    b = frame.b
    equals = _comparison(frame, node, found)
    for member in found:
        following = b.join()
        frame.at(node)
        equals(member, then, following)
        b.enter(following)
        if b.block is None:
            return
    b.jump(otherwise)


def _comparison(
    frame: Frame, node: ast.expr, found: list[Val]
) -> Callable[[Val, Join, Join], None]:
    """How the value, evaluated once, is compared with a member."""
    b, val = frame.b, evaluate(frame, node)
    span = frame.at(node)
    if isinstance(val, Text):
        longest = max(
            (len(encoded(one.literal)) for one in found if isinstance(one, Text)), default=0
        )
        text = val if val.kind == "literal" else in_memory(b, val, longest + 2)

        def same_text(member: Val, then: Join, otherwise: Join) -> None:
            if not isinstance(member, Text):
                refuse(
                    b.span, f"a string is never {describe(member)}", "compare things of one kind"
                )
            equal(b, text, member, then, otherwise)

        return same_text
    num = frame.number(val, span)

    def same_number(member: Val, then: Join, otherwise: Join) -> None:
        one = member if isinstance(member, Num) else frame.number(member, b.span)
        b.branch(integers.compare(b, "==", num, one), then, otherwise)

    return same_number
