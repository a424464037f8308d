"""Errors at a place in the user's source."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NoReturn

from kring.errors import CompileError
from kring.ir.core import Span
from kring.spelling import suggestion


class Follows(CompileError):
    """What follows from an error that is reported already, and is not reported itself."""


def refuse(span: Span, message: str, *notes: str) -> NoReturn:
    """Raise the CompileError that shows `span` with carets; `notes` say what to write instead."""
    raise CompileError(message, place(span), notes)


_LISTED = 40
"""Names up to which all are listed where one is not known."""
MOST = 10
"""How many errors are shown at once."""


def combined(errors: Sequence[CompileError]) -> CompileError:
    """The first of some errors by its place, with the others as its `others` and in its notes."""
    files = list(dict.fromkeys(error.filename for error in errors))
    ranked = sorted(errors, key=lambda e: (files.index(e.filename), e.lineno or 0, e.offset or 0))
    first, *others = ranked[:MOST]
    error = alone(first)
    error.others = tuple(map(alone, others))
    for other in others:
        error.add_note("\n".join(_noted(other, first.filename)))
    error.more = len(ranked[MOST:])
    if error.more:
        error.add_note(f"and {error.more} more error{'s' * (error.more > 1)}")
    return error


def alone(error: CompileError) -> CompileError:
    """The error without those that were found together with it."""
    where: Any = error.args[1] if len(error.args) > 1 else None
    return CompileError(error.msg, where, error.notes)


def _noted(error: CompileError, file: str | None) -> Iterator[str]:
    """An error as the note of another one in `file`: message, source line and carets, notes."""
    inside = "" if error.filename == file or not error.filename else f'File "{error.filename}", '
    yield f"{inside}line {error.lineno}: {error.msg}" if error.lineno else error.msg
    text = (error.text or "").rstrip()
    if text:
        stripped = text.lstrip()
        begin = max((error.offset or 1) - 1 - (len(text) - len(stripped)), 0)
        same = error.end_lineno == error.lineno and error.end_offset
        width = (error.end_offset or 0) - (error.offset or 0) if same else len(stripped) - begin
        yield f"    {stripped}"
        yield f"    {' ' * begin}{'^' * max(width, 1)}"
    yield from (f"  {note}" for note in error.notes)


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


def name_at(span: Span) -> str:
    """The name that stands at `span`, if it is just a name."""
    if span.line != span.end_line:
        return ""
    line = source_line(span.file, span.line).encode()
    text = line[span.column - 1 : span.end_column - 1].decode(errors="replace")
    return text if text.isidentifier() else ""


_read: dict[str, list[str]] = {}


def did_you_mean(name: str, known: list[str]) -> str:
    """`Did you mean 'x'?` if a known name is close, else a list of the known ones."""
    close = suggestion(name, known).strip()
    if close:
        return close
    if len(known) > _LISTED:
        return f"It has {len(known)} others."
    return f"It has: {', '.join(sorted(known))}." if known else "It has none."


def _characters(text: str, column: int) -> int:
    return len(text.encode()[: column - 1].decode("utf-8", "replace")) + 1
