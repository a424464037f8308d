"""Errors at a place in the user's source."""

from __future__ import annotations

from linecache import getline
from typing import NoReturn

from kring.errors import CompileError
from kring.ir.core import Span


def refuse(span: Span, message: str, *notes: str) -> NoReturn:
    """Raise the CompileError that shows `span` with carets; `notes` say what to write instead."""
    raise CompileError(message, place(span), notes)


def place(span: Span) -> tuple[str, int, int, str, int, int]:
    """What SyntaxError wants to know of a span: its columns count characters, spans' bytes."""
    text = getline(span.file, span.line)
    end_text = text if span.end_line == span.line else getline(span.file, span.end_line)
    column = _characters(text, span.column)
    return span.file, span.line, column, text, span.end_line, _characters(end_text, span.end_column)


def did_you_mean(name: str, known: list[str]) -> str:
    """` Did you mean 'x'?` if a known name is close, else a list of the known ones."""
    close = suggestion(name, known).strip()
    if close:
        return close
    return f"It has: {', '.join(sorted(known))}." if known else "It has none."


def suggestion(name: str, known: list[str]) -> str:
    """` Did you mean 'x'?` if a known name is close, else nothing."""
    from difflib import get_close_matches

    close = get_close_matches(name, known, 1)
    return f" Did you mean {close[0]!r}?" if close else ""


def _characters(text: str, column: int) -> int:
    return len(text.encode()[: column - 1].decode("utf-8", "replace")) + 1
