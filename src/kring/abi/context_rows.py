"""The structs that programs are given as their context, as <linux/bpf.h> has them.

In:  the kernel's type of a program. Out: its struct, and the fields of that by their names.
"""

from __future__ import annotations

from collections.abc import Mapping

from kring.abi.contexts import REGISTERS, ContextField
from kring.abi.uapi import AttachType, ProgType
from kring.record import record


@record
class Member(ContextField):
    """A field; `points` is what the verifier takes the number there to point to, if anything:
    `packet`, `packet_end` or `packet_meta`, `socket`, which may be null, or `memory`."""

    points: str = ""


ROWS = {
    "xdp_md": (
        "data:packet data_end:end data_meta:meta ingress_ifindex rx_queue_index egress_ifindex"
    ),
    "__sk_buff": (
        "len pkt_type mark queue_mapping protocol vlan_present vlan_tci vlan_proto priority "
        "ingress_ifindex ifindex tc_index cb*5 hash tc_classid data:packet data_end:end napi_id "
        "family remote_ip4 local_ip4 remote_ip6*4 local_ip6*4 remote_port local_port "
        "data_meta:meta flow_keys:mem tstamp:u64 wire_len gso_segs sk:sk gso_size tstamp_type:u8 "
        "hwtstamp:u64"
    ),
    "bpf_sock": (
        "bound_dev_if family type protocol mark priority src_ip4 src_ip6*4 src_port dst_port:u16 "
        "dst_ip4 dst_ip6*4 state rx_queue_mapping"
    ),
    "bpf_sock_addr": (
        "user_family user_ip4 user_ip6*4 user_port family type protocol msg_src_ip4 "
        "msg_src_ip6*4 sk:sk"
    ),
    "bpf_sock_ops": (
        "op args*4|reply|replylong*4 family remote_ip4 local_ip4 remote_ip6*4 local_ip6*4 "
        "remote_port local_port is_fullsock snd_cwnd srtt_us bpf_sock_ops_cb_flags state rtt_min "
        "snd_ssthresh rcv_nxt snd_nxt snd_una mss_cache ecn_flags rate_delivered "
        "rate_interval_us packets_out retrans_out total_retrans segs_in data_segs_in segs_out "
        "data_segs_out lost_out sacked_out sk_txhash bytes_received:u64 bytes_acked:u64 sk:sk "
        "skb_data:packet8 skb_data_end:end8 skb_len skb_tcp_flags skb_hwtstamp:u64"
    ),
    "bpf_sk_lookup": (
        "sk:sk|cookie:u64 family protocol remote_ip4 remote_ip6*4 remote_port:u16 local_ip4 "
        "local_ip6*4 local_port ingress_ifindex"
    ),
    "sk_msg_md": (
        "data:packet8 data_end:end8 family remote_ip4 local_ip4 remote_ip6*4 local_ip6*4 "
        "remote_port local_port size sk:sk"
    ),
    "sk_reuseport_md": (
        "data:packet8 data_end:end8 len eth_protocol ip_protocol bind_inany hash sk:sk "
        "migrating_sk:sk"
    ),
    "bpf_sockopt": "sk:sk optval:packet8 optval_end:end8 level optname optlen retval",
    "bpf_sysctl": "write file_pos",
    "bpf_cgroup_dev_ctx": "access_type major minor",
    "bpf_perf_event_data": "regs:u64*21 sample_period:u64 addr:u64",
}
"""Each struct's fields, in order and each at its natural alignment behind the one before: the name,
`:` and a type of `_TYPES` where that is not u32, `*` and how many elements. Those with `|` between
them share a place."""

_TYPES = {
    "u8": (1, ""),
    "u16": (2, ""),
    "u32": (4, ""),
    "u64": (8, ""),
    "packet": (4, "packet"),
    "end": (4, "packet_end"),
    "meta": (4, "packet_meta"),
    "packet8": (8, "packet"),
    "end8": (8, "packet_end"),
    "sk": (8, "socket"),
    "mem": (8, "memory"),
}

_SKB = (
    ProgType.SOCKET_FILTER, ProgType.SCHED_CLS, ProgType.SCHED_ACT, ProgType.CGROUP_SKB,
    ProgType.LWT_IN, ProgType.LWT_OUT, ProgType.LWT_XMIT, ProgType.LWT_SEG6LOCAL, ProgType.SK_SKB,
    ProgType.FLOW_DISSECTOR,
)  # fmt: skip
STRUCT_OF: Mapping[ProgType, str] = {
    ProgType.XDP: "xdp_md",
    **dict.fromkeys(_SKB, "__sk_buff"),
    ProgType.CGROUP_SOCK: "bpf_sock",
    ProgType.CGROUP_SOCK_ADDR: "bpf_sock_addr",
    ProgType.SOCK_OPS: "bpf_sock_ops",
    ProgType.SK_LOOKUP: "bpf_sk_lookup",
    ProgType.SK_MSG: "sk_msg_md",
    ProgType.SK_REUSEPORT: "sk_reuseport_md",
    ProgType.CGROUP_SOCKOPT: "bpf_sockopt",
    ProgType.CGROUP_SYSCTL: "bpf_sysctl",
    ProgType.CGROUP_DEVICE: "bpf_cgroup_dev_ctx",
    ProgType.PERF_EVENT: "bpf_perf_event_data",
    ProgType.KPROBE: "pt_regs",
}
"""What programs of a type are given; those of the others have 64-bit words, or what their hook
says."""

_ADDRESSES = "family remote_ip4 local_ip4 remote_ip6 local_ip6 remote_port local_port"
_LWT_HIDDEN = f"tc_classid {_ADDRESSES} data_meta flow_keys tstamp wire_len tstamp_type hwtstamp"
_HIDDEN = {
    "XDP": "egress_ifindex",
    "XDP/XDP_DEVMAP": "",
    "SOCKET_FILTER": f"{_LWT_HIDDEN} data data_end",
    "SCHED_CLS": f"{_ADDRESSES} flow_keys",
    "SCHED_ACT": f"{_ADDRESSES} flow_keys",
    "CGROUP_SKB": "tc_classid data_meta flow_keys wire_len tstamp_type",
    "LWT_IN": _LWT_HIDDEN,
    "LWT_OUT": _LWT_HIDDEN,
    "LWT_XMIT": _LWT_HIDDEN,
    "LWT_SEG6LOCAL": _LWT_HIDDEN,
    "SK_SKB": "mark tc_classid data_meta flow_keys tstamp wire_len tstamp_type hwtstamp",
    "CGROUP_SOCK": "src_ip4 src_ip6 src_port",
    "CGROUP_SOCK/CGROUP_INET4_POST_BIND": "bound_dev_if mark priority src_ip6",
    "CGROUP_SOCK/CGROUP_INET6_POST_BIND": "bound_dev_if mark priority src_ip4",
    "CGROUP_SOCKOPT/CGROUP_SETSOCKOPT": "retval",
}
"""Fields that the verifier keeps from programs of a type, or of one for an attach type."""
_SHOWN = {"FLOW_DISSECTOR": "data data_end flow_keys"}
"""Types to which it shows no other fields than these."""
_WRITABLE = {
    "SOCKET_FILTER": "cb",
    "SCHED_CLS": "mark queue_mapping priority tc_index cb tc_classid tstamp",
    "SCHED_ACT": "mark queue_mapping priority tc_index cb tc_classid tstamp",
    "CGROUP_SKB": "mark priority cb tstamp",
    "LWT_IN": "mark priority cb",
    "LWT_OUT": "mark priority cb",
    "LWT_XMIT": "mark priority cb",
    "LWT_SEG6LOCAL": "mark priority cb",
    "SK_SKB": "priority tc_index",
    "CGROUP_SOCK": "bound_dev_if mark priority",
    "CGROUP_SOCK/CGROUP_INET4_POST_BIND": "",
    "CGROUP_SOCK/CGROUP_INET6_POST_BIND": "",
    "SOCK_OPS": "args reply replylong sk_txhash",
    "CGROUP_SOCKOPT/CGROUP_GETSOCKOPT": "optlen retval",
    "CGROUP_SOCKOPT/CGROUP_SETSOCKOPT": "level optname optlen",
    "CGROUP_SYSCTL": "file_pos",
}
"""Fields that programs of a type may write."""


def hidden(type: ProgType, attach: AttachType) -> frozenset[str]:
    """The fields that the verifier keeps from such programs."""
    if type is ProgType.CGROUP_SOCK_ADDR:
        return _hidden_addresses(attach.name)
    if (shown := _SHOWN.get(type.name)) is not None:
        return frozenset(members(STRUCT_OF[type])) - frozenset(shown.split())
    return _of(_HIDDEN, type, attach)


def writable(type: ProgType, attach: AttachType) -> frozenset[str]:
    """The fields that such programs may write."""
    if type is ProgType.CGROUP_SOCK_ADDR:
        return _CHOSEN - _hidden_addresses(attach.name)
    return _of(_WRITABLE, type, attach)


_CHOSEN = frozenset({"user_ip4", "user_ip6", "user_port", "msg_src_ip4", "msg_src_ip6"})
"""What programs on the addresses of sockets may choose."""


def _hidden_addresses(attach: str) -> frozenset[str]:
    """Addresses of the other families; that of the sender where nothing is sent."""
    sends = attach.endswith("SENDMSG")
    family = next((one for one in "46" if f"INET{one}" in attach or f"UDP{one}" in attach), "")
    shown = {f"user_ip{family}", "user_port", *([f"msg_src_ip{family}"] if sends else [])}
    return _CHOSEN - shown


def _of(table: Mapping[str, str], type: ProgType, attach: AttachType) -> frozenset[str]:
    names = table.get(f"{type.name}/{attach.name}", table.get(type.name, ""))
    return frozenset(names.split())


_members: dict[str, dict[str, Member]] = {}


def members(struct: str) -> Mapping[str, Member]:
    """The fields of a struct by their names, in order."""
    if struct not in _members:
        _members[struct] = _registers() if struct == "pt_regs" else _laid_out(ROWS[struct])
    return _members[struct]


def size(struct: str) -> int:
    """The bytes of a struct."""
    found = members(struct).values()
    align = max(one.size for one in found)
    return -(-max(end(one) for one in found) // align) * align


def end(member: Member) -> int:
    """Where a field ends."""
    return member.offset + member.size * (member.count or 1)


def _registers() -> dict[str, Member]:
    return {name: Member(one.offset, one.size) for name, one in REGISTERS.items()}


def _laid_out(row: str) -> dict[str, Member]:
    found: dict[str, Member] = {}
    place = 0
    for group in row.split():
        start = place
        for text in group.split("|"):
            name, _, rest = text.partition(":")
            name, _, many = name.partition("*") if not rest else (name, "", rest.partition("*")[2])
            bytes_, points = _TYPES[rest.partition("*")[0] or "u32"]
            at = -(-start // bytes_) * bytes_
            found[name] = Member(at, bytes_, count=int(many or 0), points=points)
            place = max(place, end(found[name]))
    return found
