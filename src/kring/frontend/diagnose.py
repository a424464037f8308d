"""Errors at a place in the user's source."""

from __future__ import annotations

from typing import Any, NoReturn

from kring.errors import CompileError
from kring.ir.core import Span


def refuse(span: Span, message: str, *notes: str) -> NoReturn:
    """Raise the CompileError that shows `span` with carets; `notes` say what to write instead."""
    raise CompileError(message, place(span), notes)


def place(span: Span) -> tuple[str, int, int, str, int, int]:
    """What SyntaxError wants to know of a span: its columns count characters, spans' bytes."""
    text = source_line(span.file, span.line)
    end_text = text if span.end_line == span.line else source_line(span.file, span.end_line)
    column = _characters(text, span.column)
    return span.file, span.line, column, text, span.end_line, _characters(end_text, span.end_column)


def source_lines(file: str, namespace: dict[str, Any] | None = None) -> list[str]:
    """The lines of a source file as they were when first asked for; none if it is no file.

    `linecache` knows cells, archives and odd encodings; a plain file spares its import.
    """
    if file not in _read:
        try:
            with open(file, encoding="utf-8") as text:
                first, *rest = [*text, ""]
            _read[file] = [first.removeprefix("\ufeff"), *rest]
        except (OSError, UnicodeDecodeError):
            from linecache import getlines

            return getlines(file, namespace)
    return _read[file]


def source_line(file: str, number: int) -> str:
    """One line of a source file, from 1; empty if there is none."""
    lines = source_lines(file)
    return lines[number - 1] if 0 < number <= len(lines) else ""


_read: dict[str, list[str]] = {}


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
