"""Records of streams inside programs: reserve, submit, discard, output, and the drop counters.

A reservation is a token that every path must end exactly once; the builder carries the tokens
held along each path and refuses paths that disagree or leave with one. A reservation not yet
compared with None is held too: the comparison opens the record on one path and counts the drop
on the other.
"""

from __future__ import annotations

from typing import Any

from kring.abi.uapi import BPF_F_CURRENT_CPU
from kring.decl.maps import DROPS, PerfBuf, PlainMap, RingBuf, Stream, value_size
from kring.decl.struct import Struct
from kring.frontend.builder import Builder
from kring.frontend.diagnose import refuse
from kring.frontend.values import Gone, Maybe, Record, Ref, Token
from kring.frontend.zeroes import zero_fields
from kring.ir.core import Mem, Op, Value


def reserve(b: Builder, stream: RingBuf[Any], name: str) -> Maybe:
    """Reserve one record, which is None if the ring is full."""
    struct = struct_of(b, stream, name)
    size = b.const(value_size(struct))
    pointer = b.call("ringbuf_reserve", b.map(name), size, b.const(0))
    token = Token(b.span, name, stream)
    b.held |= {token}
    return Maybe(pointer, Record(Ref(pointer, struct), token))


def struct_of(b: Builder, stream: Stream[Any], name: str) -> type[Struct]:
    """The type of a stream's records, if they can be filled field by field."""
    struct = stream.types[0]
    if not isinstance(struct, type):
        refuse(b.span, f"{name!r} carries plain integers; only a Struct can be reserved")
    return struct


def prepare(b: Builder, stream: PerfBuf[Any], name: str, memory: Ref) -> Record:
    """A record that is made in the program's own memory, and sent when it is submitted."""
    token = Token(b.span, name, stream)
    b.held |= {token}
    return Record(memory, token)


def open_record(b: Builder, record: Record) -> None:
    """Begin the path on which the record is there: every byte is zero until it is written."""
    zero_fields(b, record.ref)


def count_missing(b: Builder, record: Record) -> None:
    """Begin the path on which the ring was full."""
    b.held -= {record.token}
    count_drop(b, record.token.declaration, record.token.stream)


def close(b: Builder, record: Record, how: str) -> None:
    """End a reservation: `how` is `submit` or `discard`."""
    stream = record.token.declaration
    if isinstance(stream, RingBuf):
        b.call(f"ringbuf_{how}", record.ref.pointer, b.const(0))
    elif how == "submit":
        output(b, stream, record.token.stream, record.ref)
    b.held -= {record.token}
    gone = Gone(b.span, {"submit": "submitted", "discard": "discarded"}[how])
    for variable, val in b.env.items():
        if isinstance(val, Record) and val.token is record.token:
            b.env[variable] = gone


def output(b: Builder, stream: Stream[Any] | PlainMap, name: str, record: Ref) -> Value:
    """Send a copy of a record; 1 if there was room, else the drop is counted and it is 0."""
    pointer, size = b.at(record.pointer, record.offset), b.const(value_size(record.struct))
    if isinstance(stream, RingBuf):
        failed = b.call("ringbuf_output", b.map(name), pointer, size, b.const(0))
    else:
        here = b.const(BPF_F_CURRENT_CPU)
        failed = b.call("perf_event_output", b.context, b.map(name), here, pointer, size)
    lost, after = b.join(), b.join()
    b.branch(failed, lost, after)
    b.enter(lost)
    count_drop(b, stream, name)
    b.jump(after)
    b.enter(after)
    return b.emit(Op.EQ, failed, b.const(0))


def count_drop(b: Builder, stream: Stream[Any] | PlainMap, name: str) -> None:
    """Count one lost record of a stream, on this CPU, atomically."""
    if not stream.count_drops:
        return
    slot = b.stack(8)
    b.store(slot, Mem(0, 4), b.const(b.module.drop_index(name)))
    counter = b.call("map_lookup_elem", b.map(DROPS), slot)
    found, after = b.join(), b.join()
    b.branch(counter, found, after)
    b.enter(found)
    b.emit(Op.ATOMIC_ADD, counter, b.const(1), imm=Mem(0, 8))
    b.jump(after)
    b.enter(after)
