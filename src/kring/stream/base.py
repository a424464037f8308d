"""What all live handles have in common: names that keep what is behind them, and an end.

In: what a runtime made. Out: `Handle`, the base of the handles of maps, streams, programs, links.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Self

from kring.errors import NotSupported
from kring.run.target import LiveMap, Named

if TYPE_CHECKING:
    from kring.run.info import MapInfo


class Handle:
    """The live handle of something that can have names in the BPF file system.

    A handle of `kring.pinned` is a context manager, and gives its descriptor back at `close`; that
    of a session ends with the session.
    """

    _named: Named | None = None
    _paths: tuple[str, ...] = ()
    _release: Callable[[], object] | None = None

    def pin(self, path: str | os.PathLike[str]) -> None:
        """Give it a name in the BPF file system, mostly /sys/fs/bpf: it then lives on when this
        process ends, until the name is removed, and `kring.pinned(path)` opens it elsewhere.

        Raises: LoadError if something has the name already, or the path is in no such file system;
        NotPermitted; NotSupported in the VM, which nothing outlives.
        """
        if self._named is None:
            raise NotSupported("this is no map of a running system: it cannot be pinned")
        # The working directory may be another one when the name is removed.
        name = os.path.abspath(path)
        self._named.pin(name)
        self._paths = (*self._paths, name)

    def unpin(self) -> None:
        """Remove the names this handle gave, was opened by, or has from its object."""
        paths, self._paths = self._paths, ()
        for path in paths:
            if self._named is not None:
                self._named.unpin(path)

    def opened(self, path: str, release: Callable[[], object]) -> None:
        """Note that this handle was opened by a name, and what gives all of it back."""
        self._paths = (os.path.abspath(path),)
        self._release = release

    def close(self) -> None:
        """Give back what `kring.pinned` opened; a handle of a session ends with the session."""
        if self._release is not None:
            self._release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


class MapBase(Handle):
    """The live handle of a map."""

    def __init__(self, live: LiveMap) -> None:
        self._live = self._named = live
        self._paths = live.names

    def info(self) -> MapInfo:
        """What the running system knows of the map: id, type, sizes, flags, memory."""
        return self._live.info()

    def __repr__(self) -> str:
        return f"<map {self._live.spec.name!r}>"
