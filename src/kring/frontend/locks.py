"""`with value.lock:` in programs: a lock is taken, and released on every way out of the block."""

from __future__ import annotations

import ast
from typing import Any, cast

from kring.decl.locks import is_lock
from kring.decl.maps import Stream
from kring.frontend.diagnose import refuse
from kring.frontend.frame import Frame, Locked
from kring.frontend.memory import find_field
from kring.frontend.places import written_struct
from kring.frontend.statements import block
from kring.frontend.values import Lock, Ref

_NO_LOCK = (
    "`with` opens a record of a ring buffer or takes a lock in a value of a map",
    "write `with events.reserve() as e:`; or declare `lock: SpinLock`, write `with value.lock:`",
)


def locked(frame: Frame, place: ast.Attribute, statements: list[ast.stmt]) -> None:
    """The statements, done while the lock at a place is held."""
    b = frame.b
    ref = written_struct(frame, place.value)
    span = frame.at(place)
    if not isinstance(ref, Ref):
        refuse(span, *_NO_LOCK)
    field = find_field(ref.struct, place.attr, span)
    if not (ref.shared and is_lock(field.type)):
        refuse(span, *_NO_LOCK)
    for token in b.held:
        if isinstance(token, Lock):
            refuse(span, f"a lock is held already, since line {token.span.line}", "hold one only")
    pointer = b.at(ref.pointer, ref.offset + field.offset)
    b.call("spin_lock", pointer)
    lock = Lock(span, ast.unparse(place), cast("Stream[Any]", None))
    b.held |= {lock}
    inside = Locked(lock, pointer)
    frame.exits.append(inside)
    block(frame, statements)
    frame.exits.pop()
    if b.block is not None:
        b.span = span
        frame.end(inside, "")
