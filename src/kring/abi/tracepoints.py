"""Tracepoints as the kernel describes them: the fields of an event, and the struct that holds them.

The same facts come from a `format` file of tracefs or from BTF, where the event `category:name` is
`struct trace_event_raw_NAME`.
"""

from __future__ import annotations

from kring.record import record

EVENT_STRUCT = "trace_event_raw_"
"""What BTF puts before an event's name to name its struct."""
_RETURNS = "syscalls:sys_exit_"
DYNAMIC = "__data_loc_"
"""What the struct puts before the name of a field whose data has no fixed place."""


@record
class TraceField:
    """A field of a tracepoint's context, in bytes; `type` as tracefs spells it."""

    name: str
    type: str
    offset: int
    size: int
    signed: bool


def event_struct(tracepoint: str) -> str:
    """The name of the struct of `category:name`; all returns of system calls share one."""
    if tracepoint.startswith(_RETURNS):
        return EVENT_STRUCT + "sys_exit"
    return EVENT_STRUCT + tracepoint.partition(":")[2]
