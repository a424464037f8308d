"""Names: the one that was meant, for the authors of errors about one that is not there; one in a
sentence; the one that C, and so the kernel, can have; and those of files that are Lisp."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

_COMPARED = 50_000
"""Names looked at: malformed types may have very many."""


LISP = (".lisp", ".lsp", ".cl")
"""How the name of a file ends that is Lisp."""


def is_lisp(path: str) -> bool:
    """Whether the file is called as Lisp is."""
    return path.endswith(LISP)


def closest(name: str, known: Iterable[str]) -> str:
    """The known name that is most like this one, empty if none is."""
    from difflib import get_close_matches

    return next(iter(get_close_matches(name, islice(known, _COMPARED), 1)), "")


def suggestion(name: str, known: Iterable[str], lead: str = " ", quote: str = "'") -> str:
    """` Did you mean 'x'?` after `lead` if a known name is close, else nothing."""
    close = closest(name, known)
    return f"{lead}Did you mean {quote}{close}{quote}?" if close else ""


_SPELLED = ("LpmTrie", "fentry", "fexit", "fmod_ret", "lsm", "lwt", "sk_", "xdp")
"""What names begin with whose first letter is spoken by itself, and begins with a vowel then."""


def article(name: str) -> str:
    """The name behind `a` or `an`, as it is spoken: `a Point`, `an IPv4`, `an xdp`, `a usdt`."""
    vowel = name[:1] in "AEIOaeio" or name.startswith(_SPELLED)
    return f"{'an' if vowel else 'a'} {name}"


def c_name(name: str) -> str:
    """The name as C has it: a letter that is not ASCII becomes `_u` and its code point, as in
    `l_u00e4nge`, other characters `_`."""
    if name.isascii() and name.isidentifier():
        return name
    plain = "".join(_plain(c) for c in name)
    return f"_{plain}" if plain[:1].isdigit() else plain


def _plain(c: str) -> str:
    if c.isascii():
        return c if c.isalnum() else "_"
    return f"_u{ord(c):04x}"
