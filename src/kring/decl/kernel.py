"""Partial views of what the kernel hands to a program: contexts and kernel structs.

A view names the fields a program uses, and their types; where they lie is the target kernel's
business, asked when the program is loaded.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any, ClassVar

from kring.decl.types import FieldType, annotated, char, field_type, i32, u32, u64


class _View:
    _kring_namespace: ClassVar[dict[str, Any]]

    def __init_subclass__(cls) -> None:
        frame = sys._getframe(1)  # pyright: ignore[reportPrivateUsage]
        cls._kring_namespace = {**frame.f_globals, **frame.f_locals}


class Context:
    """Any hook's arguments by name; which there are is looked up when the program is loaded."""

    def __getattr__(self, name: str) -> Any: ...


class TracepointArgs(_View):
    """Base of a tracepoint's arguments: the fields used, as the event's format names them.

    A dynamic string (`__data_loc char[]`) is `str`, a fixed one `str = char(16)`.
    """


class KernelStruct(_View):
    """Base of a partial kernel struct, named as the kernel names it.

    A field whose type is another `KernelStruct` is a pointer to one.
    """


def view_fields(cls: type[_View]) -> Iterator[tuple[str, FieldType]]:
    """Name and type of each declared field, bases first."""
    for base in reversed(cls.__mro__):
        if issubclass(base, _View) and base is not _View:
            namespace = base.__dict__.get("_kring_namespace", {})
            for name, annotation, default in annotated(base, namespace):
                if name != "_kring_namespace":
                    yield name, field_type(base.__name__, name, annotation, default)


class task_struct(KernelStruct):
    """A thread, as the scheduler sees it: `pid` is the thread's id, `tgid` the process's."""

    pid: i32
    tgid: i32
    comm: str = char(16)
    flags: u32
    prio: i32
    real_parent: task_struct
    parent: task_struct
    group_leader: task_struct
    start_time: u64
    start_boottime: u64
    exit_code: i32
