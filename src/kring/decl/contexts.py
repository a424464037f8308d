"""What programs on functions and on perf events are given."""

from __future__ import annotations

from kring.decl.types import u64


class Registers:
    """The CPU's registers where a probe fired, as x86-64 names them. See: struct pt_regs."""

    __slots__ = ()
    ip: u64
    sp: u64
    bp: u64
    flags: u64
    ax: u64
    bx: u64
    cx: u64
    dx: u64
    si: u64
    di: u64
    r8: u64
    r9: u64
    r10: u64
    r11: u64
    r12: u64
    r13: u64
    r14: u64
    r15: u64
    orig_ax: u64


class PerfEvent:
    """A sample of a perf event: `regs` is where it hit, `addr` the memory it is about, 0 for
    clocks. See: struct bpf_perf_event_data.
    """

    __slots__ = ()
    sample_period: u64
    addr: u64
    regs: Registers
