"""Patterns of `match`: values, alternatives, and names for the whole subject."""

from __future__ import annotations

import ast

from kring.frontend import integers
from kring.frontend.builder import Join
from kring.frontend.diagnose import refuse
from kring.frontend.expressions import evaluate, number
from kring.frontend.frame import Frame
from kring.frontend.texts import encoded, equal, in_memory
from kring.frontend.values import Num, Text, describe


def compare_pattern(
    frame: Frame, node: ast.pattern, subject: Num | Text, then: Join, otherwise: Join
) -> None:
    """Go to `then` if the subject matches, with what the pattern names, else to `otherwise`."""
    b = frame.b
    match node:
        case ast.MatchValue(value):
            if isinstance(subject, Text):
                _compare_text(frame, value, subject, then, otherwise)
                return
            wanted = number(frame, value)
            frame.at(node)
            b.branch(integers.compare(b, "==", subject, wanted), then, otherwise)
        case ast.MatchOr(alternatives):
            for alternative in alternatives:
                following = b.join()
                compare_pattern(frame, alternative, subject, then, following)
                b.enter(following)
                if b.block is None:
                    return
            b.jump(otherwise)
        case ast.MatchAs(inner, name):
            matched = b.join()
            if inner is None:
                b.jump(matched)
            else:
                compare_pattern(frame, inner, subject, matched, otherwise)
            b.enter(matched)
            frame.at(node)
            if name is not None and b.block is not None:
                frame.bind(name, subject)
            b.jump(then)
        case _:
            what, instead = _REFUSED[type(node)]
            refuse(frame.at(node), what, instead)


def _compare_text(frame: Frame, node: ast.expr, subject: Text, then: Join, otherwise: Join) -> None:
    wanted = evaluate(frame, node)
    span = frame.at(node)
    if not isinstance(wanted, Text):
        refuse(span, f"a string is matched with strings; this is {describe(wanted)}")
    equal(frame.b, subject, wanted, then, otherwise)


def subject_of(frame: Frame, node: ast.Match) -> Num | Text:
    """What is matched, evaluated once: a string that the kernel or a process holds is read as far
    as the longest pattern."""
    val = evaluate(frame, node.subject)
    if not isinstance(val, Text) or val.kind == "literal":
        return val if isinstance(val, Text) else frame.number(val, frame.at(node.subject))
    patterns = [one for case in node.cases for one in ast.walk(case.pattern)]
    values = [one.value for one in patterns if isinstance(one, ast.MatchValue)]
    found = [evaluate(frame, value) for value in values]
    longest = max((len(encoded(one.literal)) for one in found if isinstance(one, Text)), default=0)
    frame.at(node.subject)
    return in_memory(frame.b, val, longest + 2)


_FIELDS = "match one integer, and look at others with `if`: `case 1 if other == 2:`"
_REFUSED: dict[type[ast.pattern], tuple[str, str]] = {
    ast.MatchSingleton: (
        "a pattern of `match` is an integer or a string",
        "write `case 1:` or `case 0:`; compare with None before: `if x is None:`",
    ),
    ast.MatchSequence: ("a program has no sequences to match", _FIELDS),
    ast.MatchStar: ("a program has no sequences to match", _FIELDS),
    ast.MatchMapping: ("a program has no dicts to match", _FIELDS),
    ast.MatchClass: ("a program cannot match classes", _FIELDS),
}
"""What each pattern that Python has and programs lack is refused with."""
