"""The context a program of each kind is given, and the packet behind it.

In:  a program's kind and the input of one run.
Out: `prepare(world memory, kind, data, ctx)`, an `Input`: what to put in r1, and how to read back
     what the program left.
Rule: layouts and checks are those of the kernel's BPF_PROG_TEST_RUN.

See: net/bpf/test_run.c.
"""

from __future__ import annotations

from collections.abc import Callable
from errno import EINVAL
from struct import pack_into
from typing import Final, Literal

from kring.abi.contexts import (
    SK_BUFF,
    SK_BUFF_SIZE,
    XDP_MD,
    XDP_MD_SIZE,
    ContextField,
)
from kring.abi.programs import Kind
from kring.abi.uapi import ProgType
from kring.errors import LoadError
from kring.record import record
from kring.run.vm.memory import Memory, Region
from kring.spelling import article

_ETHERNET_HEADER_SIZE: Final = 14
_DATA_META: Final = 8
# The device a test-run's packet comes from where the context names none: LOOPBACK_IFINDEX.
_LOOPBACK: Final = 1
# The most arguments a raw tracepoint has (MAX_BPF_FUNC_ARGS), 8 bytes each.
_RAW_ARGS_SIZE: Final = 12 * 8
# Kinds that see the packet from its Ethernet header on; the other packet kinds see what follows it.
_WITH_HEADER: Final = (ProgType.SCHED_CLS, ProgType.SCHED_ACT)
_SKB_KINDS: Final = (
    *_WITH_HEADER, ProgType.SOCKET_FILTER, ProgType.CGROUP_SKB,
    ProgType.LWT_IN, ProgType.LWT_OUT, ProgType.LWT_XMIT,
)  # fmt: skip


@record
class Input:
    """One run's context and packet; `header` bytes of the packet are not shown to the program."""

    ctx: Region
    packet: Region | None = None
    header: int = 0
    has_ctx: bool = False

    def data_out(self) -> bytes:
        """The packet as the program left it, where a header that was hidden reads zero."""
        if self.packet is None:
            return b""
        return bytes(self.header) + bytes(self.packet.data)

    def ctx_out(self) -> bytes:
        return bytes(self.ctx.data) if self.has_ctx else b""

    def release(self, memory: Memory) -> None:
        memory.unmap(self.ctx)
        if self.packet is not None:
            memory.unmap(self.packet)


def prepare(memory: Memory, kind: Kind, data: bytes, ctx: bytes) -> Input:
    """The input of one run.

    Raises: LoadError for input that the kernel refuses too.
    """
    if kind.type is ProgType.XDP:
        return _packet_input(memory, kind, data, ctx, _xdp_md)
    if kind.type in _SKB_KINDS:
        return _packet_input(memory, kind, data, ctx, _sk_buff)
    if data:
        raise LoadError(f"{article(kind.name)} program takes no data, only a context", EINVAL)
    size = _RAW_ARGS_SIZE if kind.type is ProgType.RAW_TRACEPOINT else len(ctx)
    own = kind.type is ProgType.SYSCALL
    region = memory.map(bytearray(ctx.ljust(size, b"\0")), "the context", writable=own)
    return Input(region, has_ctx=own and bool(ctx))


def _packet_input(
    memory: Memory,
    kind: Kind,
    data: bytes,
    ctx: bytes,
    fill: Callable[[bytearray, Region, bytes], None],
) -> Input:
    if len(data) < _ETHERNET_HEADER_SIZE:
        raise LoadError(
            f"data must be at least {_ETHERNET_HEADER_SIZE} bytes, got {len(data)}", EINVAL
        )
    hidden = kind.type in _SKB_KINDS and kind.type not in _WITH_HEADER
    header = _ETHERNET_HEADER_SIZE if hidden else 0
    packet = memory.map(bytearray(data[header:]), "the packet", space="packet")
    size = XDP_MD_SIZE if kind.type is ProgType.XDP else SK_BUFF_SIZE
    context = bytearray(ctx[:size].ljust(size, b"\0"))
    fill(context, packet, data)
    return Input(memory.map(context, "the context"), packet, header, bool(ctx))


def _xdp_md(context: bytearray, packet: Region, data: bytes) -> None:
    _put(context, XDP_MD["data"], packet.base)
    _put(context, XDP_MD["data_end"], packet.end)
    pack_into("<I", context, _DATA_META, packet.base)
    if not _get(context, XDP_MD["ifindex"]):
        _put(context, XDP_MD["ifindex"], _LOOPBACK)


def _sk_buff(context: bytearray, packet: Region, data: bytes) -> None:
    _check_given(context)
    _put(context, SK_BUFF["len"], packet.size)
    _put(context, SK_BUFF["protocol"], int.from_bytes(data[12:14], "big"))
    _put(context, SK_BUFF["data"], packet.base)
    _put(context, SK_BUFF["data_end"], packet.end)
    if not _get(context, SK_BUFF["ifindex"]):
        _put(context, SK_BUFF["ifindex"], _LOOPBACK)


def _check_given(context: bytearray) -> None:
    """Refuse what a test-run sets itself. See: convert___skb_to_skb."""
    given = set(SK_BUFF) - _GIVEN
    for name in sorted(given, key=lambda name: SK_BUFF[name].offset):
        if _get(context, SK_BUFF[name]):
            raise LoadError(f"a test-run sets the context's {name} itself", EINVAL)


_GIVEN: Final = frozenset(
    ("mark", "priority", "ingress_ifindex", "ifindex", "cb", "tstamp", "wire_len", "gso_segs",
     "gso_size")
)  # fmt: skip


def _put(context: bytearray, field: ContextField, value: int) -> None:
    order: Literal["big", "little"] = "big" if field.big else "little"
    context[field.offset : field.offset + field.size] = value.to_bytes(field.size, order)


def _get(context: bytearray, field: ContextField) -> int:
    return int.from_bytes(context[field.offset : field.offset + field.size], "little")
