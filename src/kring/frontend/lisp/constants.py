"""Names that stand for numbers in every program, as the language has them."""

from __future__ import annotations

from collections.abc import Mapping

CONSTANTS: Mapping[str, int] = {
    "xdp_aborted": 0,
    "xdp_drop": 1,
    "xdp_pass": 2,
    "xdp_tx": 3,
    "xdp_redirect": 4,
    "bpf_any": 0,
    "bpf_noexist": 1,
    "bpf_exist": 2,
    "null": 0,
    "tc_act_ok": 0,
    "tc_act_shot": 2,
    "tc_act_stolen": 4,
    "tc_act_redirect": 7,
    "sk_drop": 0,
    "sk_pass": 1,
    "bpf_rb_no_wakeup": 1,
    "bpf_rb_force_wakeup": 2,
    "+eth-hdr-len+": 14,
    "+ipv4-hdr-len+": 20,
    "+ipv6-hdr-len+": 40,
    "+tcp-hdr-len+": 20,
    "+udp-hdr-len+": 8,
    "+icmp-hdr-len+": 8,
    "+ethertype-ipv4+": 0x800,
    "+ethertype-ipv6+": 0x86DD,
    "+ethertype-arp+": 0x806,
    "+ethertype-vlan+": 0x8100,
    "+ip-proto-icmp+": 1,
    "+ip-proto-tcp+": 6,
    "+ip-proto-udp+": 17,
    "+ip-proto-ipv6-icmp+": 58,
    "+tcp-fin+": 0x01,
    "+tcp-syn+": 0x02,
    "+tcp-rst+": 0x04,
    "+tcp-psh+": 0x08,
    "+tcp-ack+": 0x10,
    "+tcp-urg+": 0x20,
}

SIZES: Mapping[str, int] = {
    "u8": 1, "u16": 2, "u32": 4, "u64": 8, "i8": 1, "i16": 2, "i32": 4, "i64": 8,
}  # fmt: skip
"""The bytes of each type of numbers."""
