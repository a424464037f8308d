"""Locks inside values of maps: `lock: SpinLock`, taken in programs by `with value.lock:`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kring.decl.struct import Struct, fields
from kring.decl.types import u32

if TYPE_CHECKING:

    class SpinLock:
        """A field of a map's value that one program at a time holds, for a few instructions.

        `with value.lock:` waits for it, and releases it however the block is left. User space reads
        and writes values around it. See: struct bpf_spin_lock.
        """

        def __enter__(self) -> None: ...
        def __exit__(self, *_: object) -> None: ...

else:

    class SpinLock(Struct):
        val: u32


def lock_of(struct: type[Struct]) -> str | None:
    """The path to the lock inside a struct, if it has one."""
    for field in fields(struct):
        if is_lock(field.type):
            return field.name
        if isinstance(field.type, type) and (inner := lock_of(field.type)):
            return f"{field.name}.{inner}"
    return None


def has_lock(struct: type[Struct]) -> bool:
    """Whether a struct is a lock or has one inside."""
    return is_lock(struct) or lock_of(struct) is not None


def is_lock(kind: object) -> bool:
    """Whether a field's type is the lock's."""
    return kind is SpinLock
