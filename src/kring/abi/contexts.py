"""Contexts as Python programs see them: where each field lies, and in which order its bytes are.

The whole structs, and what programs of each kind may do with their fields, are in `context_rows`.

struct xdp_md, struct __sk_buff               <linux/bpf.h>
struct bpf_perf_event_data, struct pt_regs    <linux/bpf_perf_event.h>, <asm/ptrace.h> (x86-64)
"""

from __future__ import annotations

from collections.abc import Mapping

from kring.record import record


@record
class ContextField:
    """A field at `offset` bytes from the context's start; `big` fields are in network order.
    `count` is not 0 for an array of fields of that size."""

    offset: int
    size: int
    big: bool = False
    count: int = 0


XDP_MD: Mapping[str, ContextField] = {
    "data": ContextField(0, 4),
    "data_end": ContextField(4, 4),
    "ifindex": ContextField(12, 4),
    "rx_queue_index": ContextField(16, 4),
}
XDP_MD_SIZE = 24

SK_BUFF: Mapping[str, ContextField] = {
    "len": ContextField(0, 4),
    "pkt_type": ContextField(4, 4),
    "mark": ContextField(8, 4),
    "queue_mapping": ContextField(12, 4),
    "protocol": ContextField(16, 2, big=True),
    "vlan_present": ContextField(20, 4),
    "vlan_tci": ContextField(24, 4),
    "vlan_proto": ContextField(28, 2, big=True),
    "priority": ContextField(32, 4),
    "ingress_ifindex": ContextField(36, 4),
    "ifindex": ContextField(40, 4),
    "tc_index": ContextField(44, 4),
    "cb": ContextField(48, 4, count=5),
    "hash": ContextField(68, 4),
    "tc_classid": ContextField(72, 4),
    "data": ContextField(76, 4),
    "data_end": ContextField(80, 4),
    "napi_id": ContextField(84, 4),
    "family": ContextField(88, 4),
    "remote_ip4": ContextField(92, 4, big=True),
    "local_ip4": ContextField(96, 4, big=True),
    "remote_port": ContextField(132, 4, big=True),
    "local_port": ContextField(136, 4),
    "tstamp": ContextField(152, 8),
    "wire_len": ContextField(160, 4),
    "gso_segs": ContextField(164, 4),
    "gso_size": ContextField(176, 4),
}
SK_BUFF_SIZE = 192

_PT_REGS = (
    "r15", "r14", "r13", "r12", "bp", "bx", "r11", "r10", "r9", "r8", "ax", "cx", "dx", "si",
    "di", "orig_ax", "ip", "cs", "flags", "sp", "ss",
)  # fmt: skip
REGISTERS: Mapping[str, ContextField] = {
    name: ContextField(at * 8, 8) for at, name in enumerate(_PT_REGS)
}
"""struct pt_regs of x86-64."""
ARGUMENTS = ("di", "si", "dx", "cx", "r8", "r9")
"""Registers that hold a function's first arguments."""
RESULT = "ax"

PERF_EVENT: Mapping[str, ContextField] = {
    "sample_period": ContextField(168, 8),
    "addr": ContextField(176, 8),
}
