"""Lisp text → forms, each with its place.

In:  the text of a file. Out: its top-level forms, in order.
Rule: the syntax is that of Common Lisp as far as programs and their macros can use it; what is
      left out is refused with the reason. Packages are dropped: `cl:car` is `car`.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator
from typing import NoReturn

from kring.frontend.diagnose import did_you_mean, refuse
from kring.frontend.lisp.atoms import BASES, Malformed, atom, integer, named
from kring.frontend.lisp.forms import (
    Cell,
    Char,
    Form,
    Operand,
    Symbol,
    head,
    operands,
    show,
    symbol,
)
from kring.ir.core import Span

Evaluate = Callable[[Form, Span], Form]

_QUOTE, _QUASIQUOTE, _FUNCTION = symbol("quote"), symbol("quasiquote"), symbol("function")
_UNQUOTE, _SPLICE = symbol("unquote"), symbol("unquote-splicing")

_SPACE = " \t\n\r\f\v"
_PARTED = dict.fromkeys(map(ord, _SPACE + "()\";'`,"), " ")
"""Blanks for the characters that end a token."""
_ESCAPES = "|\\"
_DEEPEST = 200
"""Forms within forms; no person writes more."""

_CHARACTERS = {
    "space": " ", "newline": "\n", "linefeed": "\n", "tab": "\t", "return": "\r", "page": "\f",
    "nul": "\0", "null": "\0", "backspace": "\b", "rubout": "\x7f", "escape": "\x1b",
}  # fmt: skip
_FEATURES = frozenset({
    ":kring", ":whistler", ":common-lisp", ":ansi-cl", ":linux", ":unix", ":x86-64", ":64-bit",
    ":little-endian", ":bpf",
})  # fmt: skip
"""What holds in `#+feature`."""
_UNKNOWN = {
    "*": "bit vectors are not part of this Lisp: write an integer, `#b101`",
    "=": "labels of shared structure are not part of this Lisp",
    "#": "labels of shared structure are not part of this Lisp",
    "s": "structures cannot be read: write the call that makes one",
    "p": "there are no files here to name",
    "c": "there are only integers",
    "<": "this is how an object is printed that cannot be read again",
}


def read(text: str, file: str, evaluate: Evaluate | None = None) -> list[Operand]:
    """All top-level forms of a text; `evaluate` is asked for what `#.form` stands for.

    Raises: CompileError at the place in the text.
    """
    return list(read_each(text, file, evaluate))


def read_each(text: str, file: str, evaluate: Evaluate | None = None) -> Iterator[Operand]:
    """The top-level forms one by one, each read when the one before has been dealt with."""
    source = _Source(text, file, evaluate)
    if text.startswith("#!"):
        source.skip_line()
    while source.skip():
        yield source.form()


class _Source:
    """A text, and how far it has been read.

    `lists` are where the lists that are open began, `column_one` is where a list began a line
    inside of the outermost of them. `templates` counts the backquotes, less the commas, that this
    is inside of; `dropped` the forms that a feature leaves out.
    """

    def __init__(self, text: str, file: str, evaluate: Evaluate | None) -> None:
        self.text = text
        self.file = file
        self.evaluate = evaluate
        self.at = int(text.startswith("\ufeff"))
        self.plain = text.isascii()
        self.starts = [0]
        self.lists: list[int] = []
        self.column_one = 0
        self.depth = 0
        self.templates = 0
        self.dropped = 0
        self.parted = text.translate(_PARTED) + " "
        self.known: dict[str, Form] = {}
        found = text.find("\n")
        while found >= 0:
            self.starts.append(found + 1)
            found = text.find("\n", found + 1)
        self.starts.append(len(text) + 2)

    # Places

    def span(self, begin: int, end: int) -> Span:
        line = bisect_right(self.starts, begin)
        if self.plain and end < self.starts[line]:
            first = self.starts[line - 1] - 1
            return Span(self.file, line, begin - first, line, end - first)
        return Span(self.file, *self._place(begin), *self._place(end))

    def _place(self, at: int) -> tuple[int, int]:
        line = bisect_right(self.starts, at)
        start = self.starts[line - 1]
        if self.plain:
            return line, at - start + 1
        return line, len(self.text[start:at].removeprefix("\ufeff").encode()) + 1

    # What stands between forms

    def skip(self) -> bool:
        """Go to the next form; false at the end of the text."""
        text, size = self.text, len(self.text)
        while True:
            at = self.at
            while at < size and text[at] in _SPACE:
                at += 1
            self.at = at
            if at == size:
                return False
            if text[at] == ";":
                self.skip_line()
            elif text[at] != "#":
                return True
            elif text.startswith("#|", at):
                self._skip_comment()
            elif text.startswith(("#+", "#-"), at):
                self._feature()
            else:
                return True

    def skip_line(self) -> None:
        end = self.text.find("\n", self.at)
        self.at = len(self.text) if end < 0 else end

    def _skip_comment(self) -> None:
        begin, open_at = self.at, [self.at]
        self.at += 2
        while open_at:
            ends = self.text.find("|#", self.at)
            if ends < 0:
                refuse(self.span(begin, begin + 2), "this comment never ends", "it ends with `|#`")
            begins = self.text.find("#|", self.at, ends)
            if begins >= 0:
                open_at.append(begins)
                self.at = begins + 2
            else:
                open_at.pop()
                self.at = ends + 2

    def _feature(self) -> None:
        """Drop the form behind `#+feature` unless that holds, behind `#-feature` if it does."""
        begin = self.at
        wanted = self.text[begin + 1] == "+"
        self.at += 2
        if self._next("a feature", begin) and _holds(self.form()) is wanted:
            return
        self._next("a form", begin)
        self.dropped += 1
        self.form()
        self.dropped -= 1

    def _next(self, what: str, begin: int) -> bool:
        if not self.skip() or self.text[self.at] == ")":
            refuse(self.span(begin, begin + 2), f"{what} is missing behind this")
        return True

    # Forms

    def form(self) -> Operand:
        """The form that begins here."""
        begin = self.at
        read = _BEGINS.get(self.text[begin], _Source.token)
        if self.depth >= _DEEPEST:
            refuse(self.span(begin, begin + 1), f"forms are nested over {_DEEPEST} deep here")
        self.depth += 1
        found = read(self, begin)
        self.depth -= 1
        return Operand(found, self.span(begin, self.at))

    def list_form(self, begin: int) -> Form:
        self.lists.append(begin)
        self.at += 1
        items: list[Operand] = []
        tail: Form = None
        text = self.text
        while not self._closes(begin):
            if text[self.at] == "." and self._dot():
                tail = self._tail(items, begin)
                break
            items.append(self.form())
        self.lists.pop()
        if not items:
            return None
        made = tail
        for form, at in reversed(items[1:]):
            made = Cell(form, made, at)
        return Cell(items[0].form, made, items[0].span, self.span(begin, self.at))

    def _closes(self, begin: int) -> bool:
        if not self.skip():
            self._unclosed(begin)
        if self.text[self.at] != ")":
            if self.text[self.at] == "(" and self.text[self.at - 1] == "\n":
                self.column_one = self.column_one or self.at
            return False
        self.at += 1
        if len(self.lists) == 1:
            self.column_one = 0
        return True

    def _unclosed(self, begin: int) -> NoReturn:
        """Say where the list began that is not closed: if one began a line later on, the one of
        the top level, since that is where people begin them."""
        if self.column_one:
            begin = self.lists[0]
            line, _ = self._place(self.column_one)
            where = f"the form on line {line} begins inside of it: is one missing before?"
            refuse(self.span(begin, begin + 1), "this parenthesis is never closed", where)
        refuse(self.span(begin, begin + 1), "this parenthesis is never closed")

    def _dot(self) -> bool:
        """Whether the dot that stands here stands alone."""
        return self.parted[self.at + 1] == " "

    def _tail(self, items: list[Operand], begin: int) -> Form:
        """The form behind a dot, which ends the list."""
        dot = self.span(self.at, self.at + 1)
        self.at += 1
        if not items or self._closes(begin):
            refuse(dot, "a dot stands alone", "it belongs between two forms: `(a . b)`")
        found = self.form().form
        if not self._closes(begin):
            refuse(self.form().span, "behind a dot, one form ends the list")
        return found

    def closed(self, begin: int) -> Form:
        refuse(self.span(begin, begin + 1), "this parenthesis closes nothing")

    def string_form(self, begin: int) -> Form:
        text = self.text
        self.at += 1
        parts: list[str] = []
        while True:
            start = self.at
            quote = text.find('"', start)
            if quote < 0:
                refuse(self.span(begin, begin + 1), "this string never ends")
            escape = text.find("\\", start, quote)
            if escape < 0:
                self.at = quote + 1
                return "".join([*parts, text[start:quote]])
            parts.append(text[start:escape] + text[escape + 1 : escape + 2])
            self.at = escape + 2

    def _prefix(self, begin: int, size: int, name: Symbol) -> Cell:
        """A form behind a sign, which becomes a list of two."""
        self.at += size
        sign = self.text[begin : self.at]
        if not self.skip() or self.text[self.at] == ")":
            refuse(self.span(begin, begin + size), f"behind {sign} there is no form")
        arg = self.form()
        rest = Cell(arg.form, None, arg.span)
        at = self.span(begin, begin + size)
        return Cell(name, rest, at, self.span(begin, self.at))

    def quoted(self, begin: int) -> Form:
        return self._prefix(begin, 1, _QUOTE)

    def quasiquoted(self, begin: int) -> Form:
        self.templates += 1
        found = self._prefix(begin, 1, _QUASIQUOTE)
        self.templates -= 1
        return found

    def unquoted(self, begin: int) -> Form:
        if not self.templates and not self.dropped:
            where = "it belongs into a template, as in `(a ,b)"
            refuse(self.span(begin, begin + 1), "a comma stands outside of all backquotes", where)
        self.templates -= 1
        splice = self.text.startswith((",@", ",."), begin)
        found = self._prefix(begin, 1 + splice, _SPLICE if splice else _UNQUOTE)
        self.templates += 1
        return found

    def token(self, begin: int) -> Form:
        token = self.text[begin : self.parted.find(" ", begin)]
        if token in self.known:
            self.at = begin + len(token)
            return self.known[token]
        found = self._meaning(begin, atom)
        if not self.dropped and self.at == begin + len(token):
            self.known[token] = found
        return found

    def _meaning(self, begin: int, meant: Callable[[str], Form]) -> Form:
        """What the token means that stands here; one with escapes is a name."""
        token, escaped = self._scan()
        try:
            if escaped:
                keyword = self.text[begin] == ":"
                return symbol(f":{token[1:]}") if keyword else named(token)
            return meant(token)
        except Malformed as error:
            if self.dropped:
                return None
            refuse(self.span(begin, self.at), *error.args)

    def _scan(self) -> tuple[str, bool]:
        """The token that begins here, without its escapes, and whether it had any."""
        text, begin = self.text, self.at
        end = self.parted.find(" ", begin)
        token = text[begin:end]
        if "|" not in token and "\\" not in token:
            self.at = end
            return token, False
        token = ""
        while self.at < len(text) and self.parted[self.at] != " ":
            token += self._escaped() if text[self.at] in _ESCAPES else text[self.at]
            self.at += 1
        return token, True

    def _escaped(self) -> str:
        """What is in bars or behind a backslash; `at` is left on its last character."""
        begin, text = self.at, self.text
        found = ""
        if text[begin] == "\\":
            if begin + 1 == len(text):
                refuse(self.span(begin, begin + 1), "a backslash stands before nothing")
            self.at += 1
            return text[self.at : self.at + 1]
        self.at += 1
        while self.at < len(text) and text[self.at] != "|":
            self.at += text[self.at] == "\\"
            found += text[self.at : self.at + 1]
            self.at += 1
        if self.at >= len(text):
            refuse(self.span(begin, begin + 1), "this name never ends", "it ends with `|`")
        return found

    def sharp(self, begin: int) -> Form:
        """A form that begins with `#` and a letter or a sign that says how it goes on."""
        mark = self.text[begin + 1 : begin + 2].lower()
        if mark == "'":
            return self._prefix(begin, 2, _FUNCTION)
        if mark == ".":
            return self._at_once(begin)
        if mark == "(" and not self.dropped:
            return self._prefix(begin, 1, _QUOTE)  # a vector is a list that nobody changes
        self.at += 2
        if mark == "\\":
            return self._character(begin)
        if mark == ":":
            return self._meaning(begin, named)
        if mark in BASES:
            return self._meaning(begin, lambda digits: _based(digits, BASES[mark], mark))
        if mark.isdecimal() and not self.dropped:
            return self._meaning(begin, lambda rest: _radix(mark + rest))
        if self.dropped and mark != "(":
            return self._meaning(begin, lambda _: None)
        if self.dropped:
            self.at -= 1
            return self.list_form(begin + 1)
        reason = _UNKNOWN.get(mark, "it means nothing here")
        refuse(self.span(begin, begin + 2), f"#{mark} cannot be read", reason)

    def _character(self, begin: int) -> Form:
        self.at += 1
        token, _ = self._scan()
        name = self.text[begin + 2 : begin + 3] + token
        found = name if len(name) == 1 else _CHARACTERS.get(name.lower())
        if found is None:
            hint = did_you_mean(name.lower(), list(_CHARACTERS))
            refuse(self.span(begin, self.at), f"no character is called {name}. {hint}")
        return Char(found)

    def _at_once(self, begin: int) -> Form:
        """What the form behind `#.` is worth now."""
        quoted = self._prefix(begin, 2, _QUOTE)
        assert isinstance(quoted.cdr, Cell)
        assert quoted.cdr.at
        if self.dropped:
            return None
        if self.evaluate is None:
            from kring.frontend.lisp.host import Host

            self.evaluate = Host(self.file).evaluate
        return self.evaluate(quoted.cdr.car, quoted.cdr.at)


_BEGINS: dict[str, Callable[[_Source, int], Form]] = {
    "(": _Source.list_form,
    ")": _Source.closed,
    '"': _Source.string_form,
    "'": _Source.quoted,
    "`": _Source.quasiquoted,
    ",": _Source.unquoted,
    "#": _Source.sharp,
}


def _based(digits: str, base: int, mark: str) -> int:
    token = f"#{mark}{digits}"
    if "/" in digits:
        raise Malformed(f"{token} is a ratio; there are only integers")
    return integer(digits, base, token)


def _radix(rest: str) -> int:
    """An integer as `36rzz` says it, its base first."""
    base, r, digits = rest.lower().partition("r")
    if not (r and base.isdecimal() and 2 <= int(base) <= 36):
        raise Malformed(f"#{rest} cannot be read", _UNKNOWN["#"])
    return integer(digits, int(base), f"#{rest}")


def _holds(feature: Operand) -> bool:
    """Whether a feature expression is true here."""
    form = feature.form
    if isinstance(form, Symbol):
        return f":{form.name.removeprefix(':')}" in _FEATURES
    word = head(form).removeprefix(":")
    if isinstance(form, Cell) and word in ("and", "or", "not"):
        parts = [_holds(part) for part in operands(form.cdr, feature.span)]
        if word != "not":
            return all(parts) if word == "and" else any(parts)
        if len(parts) == 1:
            return not parts[0]
    refuse(
        feature.span,
        f"{show(form)} is no feature",
        "write `#+name`, `#+(and a b)`, `#+(or a b)` or `#+(not a)`",
    )
