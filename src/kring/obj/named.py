"""What an object has, by name: an object's structs, and in sessions its maps, variables, programs.

In: names, and what makes the thing of one. Out: `Named`, a mapping.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

from kring.spelling import c_name, suggestion

T = TypeVar("T")


class Named(Mapping[str, T]):
    """Things by name, each made when it is first asked for; a name that is none says so.

    Names are those of C. As Lisp spells it will do too: `conn-event` is conn_event.
    """

    def __init__(self, what: str, names: Mapping[str, Any], make: Callable[[str], T]) -> None:
        self._what = what
        self._names = names
        self._make = make
        self._made: dict[str, T] = {}

    def __getitem__(self, name: str) -> T:
        if name not in self._names:
            spelled = c_name(name)
            if spelled not in self._names:
                raise KeyError(unknown(self._what, name, self._names))
            name = spelled
        if name not in self._made:
            self._made[name] = self._make(name)
        return self._made[name]

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and (name in self._names or c_name(name) in self._names)

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def __repr__(self) -> str:
        return f"<{self._what}s {', '.join(self._names)}>"


def unknown(what: str, name: str, known: Mapping[str, Any]) -> str:
    """What to say of a name that is none of the known ones."""
    listed = f" There are: {', '.join(known) or 'none'}"
    return f"no {what} {name!r}.{suggestion(name, known) or listed}"
