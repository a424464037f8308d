"""The name that was meant, for the authors of errors about one that is not there."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

_COMPARED = 50_000
"""Names looked at: malformed types may have very many."""


def closest(name: str, known: Iterable[str]) -> str:
    """The known name that is most like this one, empty if none is."""
    from difflib import get_close_matches

    return next(iter(get_close_matches(name, islice(known, _COMPARED), 1)), "")


def suggestion(name: str, known: Iterable[str], lead: str = " ", quote: str = "'") -> str:
    """` Did you mean 'x'?` after `lead` if a known name is close, else nothing."""
    close = closest(name, known)
    return f"{lead}Did you mean {quote}{close}{quote}?" if close else ""
