"""The names of sections that libbpf knows beyond those that decorators write.

In: a section's name. Out: its `Kind` and target. A name means a kind that no decorator makes, or
one with another attach type or with flags.
See: docs.kernel.org/bpf/libbpf/program_types.html.
"""

from __future__ import annotations

from kring.abi.programs import DIRECTIONS, KINDS, Kind, parse_section, target_of
from kring.abi.uapi import BPF_F_SLEEPABLE, BPF_F_XDP_HAS_FRAGS, AttachType, ProgType
from kring.record import replace

OTHERS = {
    kind.name: kind
    for kind in (
        # Tracing
        Kind(
            "raw_tracepoint_writable", ("raw_tracepoint.w/", "raw_tp.w/"),
            ProgType.RAW_TRACEPOINT_WRITABLE, context="arguments", function="btf_trace_",
        ),
        Kind(
            "fmod_ret", ("fmod_ret/",), ProgType.TRACING, AttachType.MODIFY_RETURN,
            context="arguments", function="", typed=True,
        ),
        Kind("freplace", ("freplace/",), ProgType.EXT),
        Kind(
            "lsm_cgroup", ("lsm_cgroup/",), ProgType.LSM, AttachType.LSM_CGROUP,
            context="arguments", function="bpf_lsm_", typed=True, needs="cgroup",
        ),
        Kind("ksyscall", ("ksyscall/",), ProgType.KPROBE, context="registers"),
        Kind("kretsyscall", ("kretsyscall/",), ProgType.KPROBE, context="registers", returns=True),
        Kind("kprobe_multi", ("kprobe.multi/",), ProgType.KPROBE, AttachType.TRACE_KPROBE_MULTI),
        Kind(
            "kretprobe_multi", ("kretprobe.multi/",), ProgType.KPROBE,
            AttachType.TRACE_KPROBE_MULTI, returns=True,
        ),
        Kind(
            "kprobe_session", ("kprobe.session/",), ProgType.KPROBE,
            AttachType.TRACE_KPROBE_SESSION,
        ),
        Kind("uprobe_multi", ("uprobe.multi/",), ProgType.KPROBE, AttachType.TRACE_UPROBE_MULTI),
        Kind(
            "uretprobe_multi", ("uretprobe.multi/",), ProgType.KPROBE,
            AttachType.TRACE_UPROBE_MULTI, returns=True,
        ),
        Kind(
            "uprobe_session", ("uprobe.session/",), ProgType.KPROBE,
            AttachType.TRACE_UPROBE_SESSION,
        ),
        # Packets
        Kind("action", ("action",), ProgType.SCHED_ACT, test_run=True, hooked=False, needs=""),
        Kind("netkit", (), ProgType.SCHED_CLS, test_run=True, needs="interface"),
        Kind("xdp_map", (), ProgType.XDP, hooked=False, needs=""),
        Kind("lwt_in", ("lwt_in",), ProgType.LWT_IN, test_run=True, hooked=False, needs=""),
        Kind("lwt_out", ("lwt_out",), ProgType.LWT_OUT, test_run=True, hooked=False, needs=""),
        Kind("lwt_xmit", ("lwt_xmit",), ProgType.LWT_XMIT, test_run=True, hooked=False, needs=""),
        Kind(
            "lwt_seg6local", ("lwt_seg6local",), ProgType.LWT_SEG6LOCAL, hooked=False, needs="",
        ),
        Kind(
            "flow_dissector", ("flow_dissector",), ProgType.FLOW_DISSECTOR,
            AttachType.FLOW_DISSECTOR, test_run=True, hooked=False, needs="",
        ),
        Kind(
            "netfilter", ("netfilter",), ProgType.NETFILTER, AttachType.NETFILTER, test_run=True,
            hooked=False, needs="",
        ),
        # Sockets
        Kind("sk_msg", ("sk_msg",), ProgType.SK_MSG, AttachType.SK_MSG_VERDICT, hooked=False,
             needs="map"),
        Kind("sk_skb", ("sk_skb",), ProgType.SK_SKB, hooked=False, needs="map"),
        Kind(
            "sk_lookup", ("sk_lookup",), ProgType.SK_LOOKUP, AttachType.SK_LOOKUP, test_run=True,
            hooked=False, needs="",
        ),
        Kind(
            "sk_reuseport", ("sk_reuseport",), ProgType.SK_REUSEPORT,
            AttachType.SK_REUSEPORT_SELECT, hooked=False, needs="socket",
        ),
        # Control groups
        Kind("sockops", ("sockops",), ProgType.SOCK_OPS, AttachType.CGROUP_SOCK_OPS,
             needs="cgroup"),
        Kind("cgroup_sock", (), ProgType.CGROUP_SOCK, needs="cgroup"),
        Kind("cgroup_sock_addr", (), ProgType.CGROUP_SOCK_ADDR, needs="cgroup"),
        Kind("cgroup_sockopt", (), ProgType.CGROUP_SOCKOPT, needs="cgroup"),
        Kind("cgroup_sysctl", ("cgroup/sysctl",), ProgType.CGROUP_SYSCTL,
             AttachType.CGROUP_SYSCTL, needs="cgroup"),
        Kind("cgroup_device", ("cgroup/dev",), ProgType.CGROUP_DEVICE, AttachType.CGROUP_DEVICE,
             needs="cgroup"),
        # Others
        Kind("lirc_mode2", ("lirc_mode2",), ProgType.LIRC_MODE2, AttachType.LIRC_MODE2,
             hooked=False, needs=""),
        Kind("struct_ops", ("struct_ops/",), ProgType.STRUCT_OPS, hooked=False, needs=""),
    )
}  # fmt: skip

_AT = AttachType
_ELSEWHERE = {
    "xdp/devmap": ("xdp_map", _AT.XDP_DEVMAP),
    "xdp/cpumap": ("xdp_map", _AT.XDP_CPUMAP),
    "netkit/primary": ("netkit", _AT.NETKIT_PRIMARY),
    "netkit/peer": ("netkit", _AT.NETKIT_PEER),
    "sk_skb/stream_parser": ("sk_skb", _AT.SK_SKB_STREAM_PARSER),
    "sk_skb/stream_verdict": ("sk_skb", _AT.SK_SKB_STREAM_VERDICT),
    "sk_skb/verdict": ("sk_skb", _AT.SK_SKB_VERDICT),
    "sk_reuseport/migrate": ("sk_reuseport", _AT.SK_REUSEPORT_SELECT_OR_MIGRATE),
    "cgroup/sock_create": ("cgroup_sock", _AT.CGROUP_INET_SOCK_CREATE),
    "cgroup/sock_release": ("cgroup_sock", _AT.CGROUP_INET_SOCK_RELEASE),
    "cgroup/sock": ("cgroup_sock", _AT.CGROUP_INET_SOCK_CREATE),
    "cgroup/post_bind4": ("cgroup_sock", _AT.CGROUP_INET4_POST_BIND),
    "cgroup/post_bind6": ("cgroup_sock", _AT.CGROUP_INET6_POST_BIND),
    "cgroup/bind4": ("cgroup_sock_addr", _AT.CGROUP_INET4_BIND),
    "cgroup/bind6": ("cgroup_sock_addr", _AT.CGROUP_INET6_BIND),
    "cgroup/connect4": ("cgroup_sock_addr", _AT.CGROUP_INET4_CONNECT),
    "cgroup/connect6": ("cgroup_sock_addr", _AT.CGROUP_INET6_CONNECT),
    "cgroup/connect_unix": ("cgroup_sock_addr", _AT.CGROUP_UNIX_CONNECT),
    "cgroup/sendmsg4": ("cgroup_sock_addr", _AT.CGROUP_UDP4_SENDMSG),
    "cgroup/sendmsg6": ("cgroup_sock_addr", _AT.CGROUP_UDP6_SENDMSG),
    "cgroup/sendmsg_unix": ("cgroup_sock_addr", _AT.CGROUP_UNIX_SENDMSG),
    "cgroup/recvmsg4": ("cgroup_sock_addr", _AT.CGROUP_UDP4_RECVMSG),
    "cgroup/recvmsg6": ("cgroup_sock_addr", _AT.CGROUP_UDP6_RECVMSG),
    "cgroup/recvmsg_unix": ("cgroup_sock_addr", _AT.CGROUP_UNIX_RECVMSG),
    "cgroup/getpeername4": ("cgroup_sock_addr", _AT.CGROUP_INET4_GETPEERNAME),
    "cgroup/getpeername6": ("cgroup_sock_addr", _AT.CGROUP_INET6_GETPEERNAME),
    "cgroup/getpeername_unix": ("cgroup_sock_addr", _AT.CGROUP_UNIX_GETPEERNAME),
    "cgroup/getsockname4": ("cgroup_sock_addr", _AT.CGROUP_INET4_GETSOCKNAME),
    "cgroup/getsockname6": ("cgroup_sock_addr", _AT.CGROUP_INET6_GETSOCKNAME),
    "cgroup/getsockname_unix": ("cgroup_sock_addr", _AT.CGROUP_UNIX_GETSOCKNAME),
    "cgroup/getsockopt": ("cgroup_sockopt", _AT.CGROUP_GETSOCKOPT),
    "cgroup/setsockopt": ("cgroup_sockopt", _AT.CGROUP_SETSOCKOPT),
}
"""Names whose kind is told at load that it attaches elsewhere."""

_SLEEPABLE = frozenset({
    "uprobe", "uretprobe", "uprobe.multi", "uretprobe.multi", "uprobe.session", "usdt", "fentry",
    "fexit", "fmod_ret", "lsm", "iter", "struct_ops",
})  # fmt: skip
"""Names of programs that may sleep where `.s` stands behind."""


def find(name: str) -> tuple[Kind, str]:
    """Kind and target of a section name that no decorator writes.

    Raises: KeyError if it means no kind.
    """
    plain, flags = _flags(name)
    if flags:
        kind, target = parse_section(plain)
        return replace(kind, flags=kind.flags | flags), target
    if name in _ELSEWHERE:
        kind_name, attach = _ELSEWHERE[name]
        return replace(OTHERS[kind_name], attach=attach), ""
    for kind in OTHERS.values():
        for known in kind.sections:
            if (found := target_of(name, known, kind)) is not None:
                return kind, found
    raise KeyError(name)


def _flags(name: str) -> tuple[str, int]:
    """The name without what asks for flags, and these."""
    first, slash, rest = name.partition("/")
    plain, _, asks = first.rpartition(".")
    if asks == "s" and plain in _SLEEPABLE:
        return f"{plain}{slash}{rest}", BPF_F_SLEEPABLE
    if first == "xdp.frags":
        return f"{plain}{slash}{rest}", BPF_F_XDP_HAS_FRAGS
    return name, 0


def names() -> list[str]:
    """Every name, without target."""
    plain: list[str] = [*_ELSEWHERE]
    for kind in (*KINDS.values(), *OTHERS.values()):
        plain += [known.removesuffix("/") for known in kind.sections]
        if kind.directions:
            plain += [known + way for known in kind.sections if known[-1] == "/"
                      for way in DIRECTIONS]  # fmt: skip
    frags = [name.replace("xdp", "xdp.frags", 1) for name in plain if name.startswith("xdp")]
    return [*plain, *(f"{name}.s" for name in sorted(_SLEEPABLE)), *frags]
