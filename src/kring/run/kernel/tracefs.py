"""Tracepoints as tracefs describes them: their ids and the layout of their contexts.

In: `category:event`. Out: numbers and `TraceField`s. Where tracefs is not mounted, a mount of its
own that no path leads to serves, so that nothing stays behind.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from errno import EACCES, ENODEV, ENOENT, EPERM
from functools import partial

from kring.abi.tracepoints import TraceField
from kring.errors import AttachError, LoadError, NotPermitted, NotSupported
from kring.run.kernel.privilege import SYS_ADMIN, held, with_sudo
from kring.run.kernel.syscall import Fds, detached_mount, error_name
from kring.spelling import suggestion

SEARCH = ("/sys/kernel/tracing", "/sys/kernel/debug/tracing")
_DIRECTORY = os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC


def parse_format(text: str) -> list[TraceField]:
    """The fields of an event's `format` file, those common to all events included."""
    return [_field(line.strip()) for line in text.splitlines() if line.strip().startswith("field:")]


def _field(line: str) -> TraceField:
    # field:__data_loc char[] filename;	offset:8;	size:4;	signed:0;
    parts = dict(part.strip().split(":", 1) for part in line.split(";") if part.strip())
    declaration, dimension = parts["field"], ""
    if declaration.endswith("]"):
        begin = declaration.rindex("[")
        declaration, dimension = declaration[:begin].rstrip(), declaration[begin:]
    type, _, name = declaration.rpartition(" ")
    if name.startswith("*"):
        type, name = type + " " + "*" * name.count("*"), name.lstrip("*")
    return TraceField(
        name, type + dimension, int(parts["offset"]), int(parts["size"]), parts["signed"] == "1"
    )


class Tracefs:
    """The tracefs of this system, found at the first question; its descriptor belongs to `fds`."""

    __slots__ = ("_fds", "_root", "_search", "place")

    def __init__(self, fds: Fds, search: Sequence[str] = SEARCH) -> None:
        self._fds = fds
        self._search = tuple(search)
        self._root = -1
        self.place = ""
        """Where it was found, empty for a mount of our own."""

    def event_id(self, name: str) -> int:
        """The number perf_event_open(2) knows the tracepoint by.

        Raises: AttachError if there is no such tracepoint, NotPermitted, NotSupported.
        """
        return int(self._read(name, "id"))

    def fields(self, name: str) -> list[TraceField]:
        """The layout of the tracepoint's context. Raises as `event_id` does."""
        return parse_format(self._read(name, "format"))

    def root(self) -> int:
        """A descriptor of the directory that holds `events`, for use as `dir_fd`."""
        if self._root < 0:
            self._root = self._find()
        return self._root

    def _read(self, name: str, file: str) -> str:
        root = self.root()
        category, _, event = name.partition(":")
        if not category or not event or "/" in name or ":" in event:
            raise AttachError(
                f"a tracepoint is named category:event, got {name!r}.{self.suggestion(name)}"
            )
        path = f"events/{category}/{event}/{file}"
        try:
            with open(path, opener=partial(os.open, dir_fd=root)) as opened:
                return opened.read()
        except FileNotFoundError:
            raise AttachError(f"no tracepoint {name}.{self.suggestion(name)}", ENOENT) from None
        except PermissionError as error:
            raise _not_readable("its files", error.errno or EACCES) from None

    def suggestion(self, name: str) -> str:
        """` Did you mean …?` with the likeliest name, or nothing."""
        category, _, event = name.rpartition(":")
        near = [f"{category}:{e}" for e in self._list(f"events/{category}")] if category else []
        if hint := suggestion(name, near, quote=""):
            return hint
        events = list(self.names())
        same = next((full for full in events if full.endswith(f":{event}")), None)
        return f" Did you mean {same}?" if same else suggestion(name, events, quote="")

    def names(self) -> Iterator[str]:
        """Every tracepoint as `category:event`."""
        for category in self._list("events"):
            for event in self._list(f"events/{category}"):
                yield f"{category}:{event}"

    def _list(self, path: str) -> list[str]:
        """The directories below a path, empty if it is not there."""
        try:
            fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=self.root())
        except OSError:
            return []
        try:
            with os.scandir(fd) as entries:
                return sorted(entry.name for entry in entries if entry.is_dir())
        finally:
            os.close(fd)

    def _find(self) -> int:
        closed = ""
        for path in self._search:
            try:
                os.stat(f"{path}/events")
            except PermissionError:
                closed = closed or path
            except OSError:
                continue
            else:
                self.place = path
                return self._fds.keep(os.open, path, _DIRECTORY)
        return self._mount(closed)

    def _mount(self, closed: str) -> int:
        try:
            return detached_mount(self._fds, "tracefs")
        except OSError as error:
            raise _not_mountable(closed, self._search[0], error.errno or 0) from None


def _not_mountable(closed: str, path: str, errno: int) -> LoadError:
    if closed:
        return _not_readable(closed, EACCES)
    if errno in (EPERM, EACCES):
        if SYS_ADMIN in held():
            why = f"mounting it was refused ({error_name(errno)}) by the host's policy"
        else:
            why = f"mounting it needs {SYS_ADMIN}, which this process does not have"
        return NotPermitted(
            f"{error_name(errno)}: tracefs, which lists the tracepoints, is not mounted, and {why}."
            f" Try: sudo mount -t tracefs -o mode=755 nodev {path}",
            errno,
        )
    if errno == ENODEV:
        return NotSupported("this kernel has no tracefs; raw tracepoints work without it", errno)
    return LoadError(f"{error_name(errno)}: tracefs is not mounted and cannot be mounted", errno)


def _not_readable(what: str, errno: int) -> NotPermitted:
    return NotPermitted(
        f"{error_name(errno)}: tracefs is mounted, but {what} may be read by root only; this"
        f" process is uid {os.geteuid()}. Try: {with_sudo()}",
        errno,
    )
