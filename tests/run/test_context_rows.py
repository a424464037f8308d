"""The structs of contexts are the running kernel's, field by field, and so is who may use which."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from kring.abi.asm import parse
from kring.abi.code import encode
from kring.abi.context_rows import (
    ROWS,
    STRUCT_OF,
    hidden,
    members,
    size,
    writable,
)
from kring.abi.uapi import AttachType, ProgType
from kring.btf.blob import Btf
from kring.btf.types import Array, Composite, Kind
from kring.run.kernel import syscall
from kring.run.kernel.syscall import Fds, address, bpf_open, buffer

pytestmark = pytest.mark.kernel

AT = AttachType
ATTACHED = {
    ProgType.CGROUP_SKB: (AT.CGROUP_INET_INGRESS, AT.CGROUP_INET_EGRESS),
    ProgType.CGROUP_SOCK: (
        AT.CGROUP_INET_SOCK_CREATE, AT.CGROUP_INET4_POST_BIND, AT.CGROUP_INET6_POST_BIND,
        AT.CGROUP_INET_SOCK_RELEASE,
    ),
    ProgType.CGROUP_SOCK_ADDR: (
        AT.CGROUP_INET4_BIND, AT.CGROUP_INET6_CONNECT, AT.CGROUP_UDP4_SENDMSG,
        AT.CGROUP_UDP6_SENDMSG, AT.CGROUP_UDP6_RECVMSG, AT.CGROUP_INET4_GETPEERNAME,
        AT.CGROUP_INET6_GETSOCKNAME, AT.CGROUP_UNIX_CONNECT,
    ),
    ProgType.CGROUP_SOCKOPT: (AT.CGROUP_GETSOCKOPT, AT.CGROUP_SETSOCKOPT),
    ProgType.SK_LOOKUP: (AT.SK_LOOKUP,),
    ProgType.SK_REUSEPORT: (AT.SK_REUSEPORT_SELECT,),
    ProgType.SK_SKB: (AT.SK_SKB_VERDICT,),
    ProgType.SK_MSG: (AT.SK_MSG_VERDICT,),
}  # fmt: skip
WIDTHS = {1: "b", 2: "h", 4: "w", 8: "dw"}
PLACES = [
    (type, attach) for type in STRUCT_OF for attach in ATTACHED.get(type, (AttachType.NONE,))
]


@pytest.fixture(scope="module")
def btf() -> Btf:
    return Btf(Path("/sys/kernel/btf/vmlinux").read_bytes())


def kernels(btf: Btf, id: int, base: int = 0) -> dict[str, tuple[int, int, int]]:
    """Offset, size of one element and count of every field, those of nested unions included."""
    found: dict[str, tuple[int, int, int]] = {}
    kind = btf[btf.strip(id)]
    assert isinstance(kind, Composite)
    for member in kind.members:
        at = base + member.bit_offset // 8
        type = btf[btf.strip(member.type)]
        if not member.name and isinstance(type, Composite):
            found |= kernels(btf, member.type, at)
        elif member.name and isinstance(type, Array):
            found[member.name] = at, btf.size(type.type), type.count
        elif member.name:
            found[member.name] = at, btf.size(member.type), 0
    return found


@pytest.mark.parametrize("name", [*ROWS, "pt_regs"])
def test_every_field_lies_where_the_kernel_has_it(btf: Btf, name: str) -> None:
    id = btf.find(name, Kind.STRUCT)
    assert id is not None
    own = {field: (one.offset, one.size, one.count) for field, one in members(name).items()}
    if name == "bpf_perf_event_data":
        assert own.pop("regs") == (0, 8, 21)
    real = kernels(btf, id)
    real.pop("regs", None)
    assert own == real if name != "pt_regs" else set(own.values()) <= set(real.values())
    assert size(name) == btf.size(id)


def refused(fds: Fds, type: ProgType, attach: AttachType, text: str) -> bool:
    code = encode(parse(f"mov %r2, 0\n{text}\nmov %r0, 1\nexit"))
    insns, license = buffer(code), buffer(b"GPL\0")
    attr = struct.pack(
        "<2I2Q2IQ2I16s2I", type, len(code) // 8, address(insns), address(license), 0, 0, 0, 0, 0,
        b"ctx", 0, attach,
    )  # fmt: skip
    try:
        bpf_open(fds, syscall.PROG_LOAD, attr.ljust(144, b"\0"))
    except OSError:
        return True
    return False


@pytest.mark.parametrize(("type", "attach"), PLACES, ids=lambda one: one.name)
def test_the_verifier_shows_these_fields_and_lets_those_be_written(
    type: ProgType, attach: AttachType
) -> None:
    fds = Fds()
    found = members(STRUCT_OF[type])
    unread: set[str] = set()
    written: set[str] = set()
    try:
        for name, one in found.items():
            width = WIDTHS[one.size]
            if refused(fds, type, attach, f"ldx{width} %r2, [%r1+{one.offset}]"):
                unread.add(name)
            if not refused(fds, type, attach, f"stx{width} [%r1+{one.offset}], %r2"):
                written.add(name)
    finally:
        fds.close()
    assert unread == hidden(type, attach)
    assert written == writable(type, attach)
