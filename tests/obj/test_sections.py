"""Names of sections: each means the kind of program that libbpf takes it for."""

from __future__ import annotations

import ctypes
import re
from pathlib import Path

import pytest

from kring.abi.programs import DIRECTIONS, KINDS, parse_section, with_target
from kring.abi.sections import OTHERS, names
from kring.abi.uapi import BPF_F_SLEEPABLE, BPF_F_XDP_HAS_FRAGS, AttachType, ProgType
from kring.btf.blob import Btf
from kring.btf.types import Enum

NEWER = {
    "netkit/primary": AttachType.NETKIT_PRIMARY, "netkit/peer": AttachType.NETKIT_PEER,
    "sk_skb/verdict": AttachType.SK_SKB_VERDICT, "netfilter": AttachType.NETFILTER,
    "struct_ops.s": AttachType.NONE, "usdt.s": AttachType.NONE,
    "tc/ingress": AttachType.TCX_INGRESS, "tc/egress": AttachType.TCX_EGRESS,
    "tcx/ingress": AttachType.TCX_INGRESS, "tcx/egress": AttachType.TCX_EGRESS,
    "kprobe.session": AttachType.TRACE_KPROBE_SESSION,
    "uprobe.session": AttachType.TRACE_UPROBE_SESSION,
    "uprobe.session.s": AttachType.TRACE_UPROBE_SESSION,
    **dict.fromkeys(
        ("uprobe.multi", "uretprobe.multi", "uprobe.multi.s", "uretprobe.multi.s"),
        AttachType.TRACE_UPROBE_MULTI,
    ),
    "cgroup/connect_unix": AttachType.CGROUP_UNIX_CONNECT,
    "cgroup/sendmsg_unix": AttachType.CGROUP_UNIX_SENDMSG,
    "cgroup/recvmsg_unix": AttachType.CGROUP_UNIX_RECVMSG,
    "cgroup/getpeername_unix": AttachType.CGROUP_UNIX_GETPEERNAME,
    "cgroup/getsockname_unix": AttachType.CGROUP_UNIX_GETSOCKNAME,
}  # fmt: skip
"""What libbpf learnt after its version 1.1."""
OURS = {"cgroup_skb", "tcx"}
"""Names without a direction, which libbpf refuses."""


@pytest.mark.parametrize(
    ("section", "kind", "type", "attach", "flags", "target"),
    [
        ("tp/a/b", "tracepoint", ProgType.TRACEPOINT, 0, 0, "a:b"),
        ("raw_tp.w/x", "raw_tracepoint_writable", ProgType.RAW_TRACEPOINT_WRITABLE, 0, 0, "x"),
        ("fentry.s/f", "fentry", ProgType.TRACING, AttachType.TRACE_FENTRY, BPF_F_SLEEPABLE, "f"),
        ("iter.s", "iterator", ProgType.TRACING, AttachType.TRACE_ITER, BPF_F_SLEEPABLE, ""),
        ("kprobe/f+0x10", "kprobe", ProgType.KPROBE, 0, 0, "f+0x10"),
        ("uprobe.s//bin/sh:main", "uprobe", ProgType.KPROBE, 0, BPF_F_SLEEPABLE, "/bin/sh:main"),
        ("uprobe.multi/a:b*", "uprobe_multi", ProgType.KPROBE, AttachType.TRACE_UPROBE_MULTI, 0,
         "a:b*"),
        ("xdp", "xdp", ProgType.XDP, AttachType.XDP, 0, ""),
        ("xdp.frags", "xdp", ProgType.XDP, AttachType.XDP, BPF_F_XDP_HAS_FRAGS, ""),
        ("xdp.frags/cpumap", "xdp_map", ProgType.XDP, AttachType.XDP_CPUMAP, BPF_F_XDP_HAS_FRAGS,
         ""),
        ("xdp/devmap", "xdp_map", ProgType.XDP, AttachType.XDP_DEVMAP, 0, ""),
        ("tc", "tc", ProgType.SCHED_CLS, 0, 0, ""),
        ("tcx/egress", "tc", ProgType.SCHED_CLS, AttachType.TCX_EGRESS, 0, "egress"),
        ("cgroup/skb", "cgroup_skb", ProgType.CGROUP_SKB, 0, 0, ""),
        ("cgroup_skb/egress", "cgroup_skb", ProgType.CGROUP_SKB, AttachType.CGROUP_INET_EGRESS, 0,
         "egress"),
        ("cgroup/sock", "cgroup_sock", ProgType.CGROUP_SOCK, AttachType.CGROUP_INET_SOCK_CREATE, 0,
         ""),
        ("syscall", "syscall", ProgType.SYSCALL, 0, BPF_F_SLEEPABLE, ""),
        ("struct_ops.s/ssthresh", "struct_ops", ProgType.STRUCT_OPS, 0, BPF_F_SLEEPABLE,
         "ssthresh"),
    ],
)  # fmt: skip
def test_meaning(
    section: str, kind: str, type: ProgType, attach: int, flags: int, target: str
) -> None:
    found, where = parse_section(section)
    assert (found.name, found.type, found.flags, where) == (kind, type, flags, target)
    assert found.attach_type(where) == attach


@pytest.mark.parametrize(
    "section",
    [
        "", "mystery", "mystery/x", "kprobes/x", "xdp/foo", "xdp.frags/foo", "xdp.s", "tc/foo",
        "socket/x", "syscall/x", "cgroup/skb/x", "cgroup/connect5", "kprobe.s/x", "tracepointx",
        "netkit", "sk_skb/x", "uprobe.multi.x/y", "classifier/x", ".s", ".s/x",
    ],
)  # fmt: skip
def test_names_that_mean_nothing(section: str) -> None:
    with pytest.raises(KeyError):
        parse_section(section)


def test_names_are_clear() -> None:
    """No name is listed twice, and all have a kind."""
    listed = names()
    assert len(listed) == len(set(listed))
    assert {parse_section(name)[0].name for name in listed} == {*KINDS, *OTHERS}


@pytest.mark.parametrize(
    ("section", "target", "expected"),
    [
        ("tp/a/b", "c:d", "tp/c/d"),
        ("tp", "c/d", "tp/c/d"),
        ("fentry.s/old", "new", "fentry.s/new"),
        ("uprobe//bin/sh:main", "/bin/ls:main", "uprobe//bin/ls:main"),
        ("kprobe.multi/do_*", "vfs_*", "kprobe.multi/vfs_*"),
        ("tc/ingress", "egress", "tc/egress"),
        ("perf_event", "page-faults:1", "perf_event/page-faults:1"),
        ("xdp", "eth0", ""),
        ("xdp", "devmap", ""),
        ("cgroup/connect4", "x", ""),
        ("tc/ingress", "inward", ""),
    ],
)
def test_another_target(section: str, target: str, expected: str) -> None:
    assert with_target(section, target) == expected


def test_the_page_of_hooks_lists_them() -> None:
    page = (Path(__file__).parents[2] / "docs" / "hooks.md").read_text()
    rows = re.findall(r"^\| (`.*?`) \|", page, flags=re.M)
    listed = [name for row in rows for name in re.findall(r"`([^`]+)`", row)]
    known = {*names()}
    for kind in (*KINDS.values(), *OTHERS.values()):
        if kind.directions:
            known -= {f"{name}{way}" for name in kind.sections for way in DIRECTIONS}
    assert sorted(name.removesuffix("/…") for name in listed) == sorted(known)
    for name in listed:
        plain = name.removesuffix("/…")
        kind, _ = parse_section(plain)
        if not kind.directions:
            assert (name != plain) == bool(with_target(plain, "x")), name


@pytest.mark.peer
def test_libbpf_takes_them_for_the_same() -> None:
    try:
        libbpf = ctypes.CDLL("libbpf.so.1")
    except OSError:
        pytest.skip("libbpf is not here to compare with")
    libbpf.libbpf_set_print(None)
    unknown: set[str] = set()
    for name in names():
        type, attach = ctypes.c_int(), ctypes.c_int()
        if libbpf.libbpf_prog_type_by_name(name.encode(), ctypes.byref(type), ctypes.byref(attach)):
            unknown.add(name)
            continue
        kind, target = parse_section(name)
        assert (kind.type, kind.attach_type(target)) == (type.value, attach.value), name
    assert unknown >= OURS
    assert unknown <= OURS | {*NEWER}


@pytest.mark.parametrize("name", NEWER)
def test_names_that_are_newer(name: str) -> None:
    kind, target = parse_section(name)
    assert kind.attach_type(target) == NEWER[name]


@pytest.mark.parametrize("numbers", [ProgType, AttachType])
def test_numbers_are_the_kernels(numbers: type[ProgType] | type[AttachType]) -> None:
    try:
        btf = Btf(Path("/sys/kernel/btf/vmlinux").read_bytes())
    except OSError:
        pytest.skip("this kernel publishes no types")
    prefix = {ProgType: "BPF_PROG_TYPE_", AttachType: "BPF_"}[numbers]
    enum = btf[btf.find({ProgType: "bpf_prog_type", AttachType: "bpf_attach_type"}[numbers]) or 0]
    assert isinstance(enum, Enum)
    known = dict(enum.values)
    ours = {name: value for name, value in numbers.__members__.items() if name != "NONE"}
    assert {name: known.get(prefix + name, value) for name, value in ours.items()} == ours
    assert len(known.keys() & {prefix + name for name in ours}) > 30
