"""Entries of arrays that surely exist: structs at an index known to lie inside.

The kernel gives any entry through a look-up, and a verifier that does not compare the index with
the array's length asks for a test of its result. On the path where that fails, which no run takes,
the program leaves.
"""

from __future__ import annotations

from kring.decl.maps import LARGEST_ON_STACK, SCRATCH, MapDeclaration, ValueType, value_size
from kring.decl.struct import Struct, sizeof
from kring.frontend.builder import Builder
from kring.frontend.frame import Frame
from kring.frontend.maps import lookup, value_at
from kring.frontend.streams import close
from kring.frontend.values import KernelPtr, Lease, Maybe, Num, Record, Ref, Token
from kring.ir.core import Mem, Value


def inside(b: Builder, declaration: MapDeclaration, index: Num) -> bool:
    """Whether an entry has this index, whatever it is when the program runs."""
    low, high = b.bounds(index.value)
    return low >= 0 and high < declaration.max_entries


def entry(frame: Frame, declaration: MapDeclaration, name: str, index: Num) -> Num | Ref:
    """The entry at an index that is `inside`."""
    _, pointer = lookup(frame.b, declaration, name, index)
    certain(frame, pointer)
    return value_at(frame.b, declaration, pointer)


def own_memory(frame: Frame, kind: ValueType) -> Value:
    """Memory for a value, with anything in it: in the stack if it is not too large."""
    if isinstance(kind, type) and sizeof(kind) > LARGEST_ON_STACK:
        return scratch(frame, kind)
    return frame.b.stack(value_size(kind) if isinstance(kind, type) else 8)


def scratch(frame: Frame, struct: type[Struct]) -> Value:
    """Memory of this CPU's for a struct that is too large for the stack, with what was there."""
    b = frame.b
    place = b.separate.program, b.calls, b.span, struct
    slot = b.stack(8)
    b.store(slot, Mem(0, 4), b.const(b.module.scratch_index(place, sizeof(struct))))
    pointer = b.call("map_lookup_elem", b.map(SCRATCH), slot)
    certain(frame, pointer)
    return pointer


def certain(frame: Frame, pointer: Value) -> None:
    """Go on where the pointer is not null, as it never is."""
    b = frame.b
    there, never = b.join(), b.join()
    b.branch(pointer, there, never)
    b.enter(never)
    for level in frame.levels():
        level.leave("discard")
        if level.caller is not None and level.caller.separate:
            break
    for token in list(b.held):
        _discard(frame, token)
    b.ret(b.const(0))
    b.enter(there)


def _discard(frame: Frame, token: Token) -> None:
    """End a reservation that a variable holds, compared with None or not."""
    b = frame.b
    for val in list(b.env.values()):
        match val:
            case Record() if val.token is token:
                close(b, val, "discard")
                return
            case Maybe(present, Record(ref, same)) if same is token:
                b.held -= {token}
                there, after = b.join(), b.join()
                b.branch(present, there, after)
                b.enter(there)
                b.call("ringbuf_discard", ref.pointer, b.const(0))
                b.jump(after)
                b.enter(after)
                return
            case KernelPtr(pointer, token=Lease() as lease) if lease is token:
                b.held -= {token}
                lease.give_back(pointer)
                return
            case Maybe(present, KernelPtr(token=Lease() as lease)) if lease is token:
                b.held -= {token}
                there, after = b.join(), b.join()
                b.branch(present, there, after)
                b.enter(there)
                lease.give_back(present)
                b.jump(after)
                b.enter(after)
                return
            case _:
                continue
