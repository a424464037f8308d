"""What a test-run gives a program of each kind, as bytes, for the IR evaluator."""

from __future__ import annotations

from struct import pack_into

from kring.abi.programs import Kind

LOOPBACK = 1
"""The device a test-run's packet comes from."""
_ETHERNET = 14
_WORDS = 96
"""As many arguments as a raw tracepoint can have, 8 bytes each."""


def hidden(kind: Kind) -> int:
    """Bytes of the packet that programs of the kind do not see."""
    return _ETHERNET if kind.context == "skb" and kind.name != "tc" else 0


def context(kind: Kind, packet: int, data: bytes, ctx: bytes) -> bytes:
    """The context of a run on `data`, what is seen of which lies at `packet`."""
    end = packet + len(data) - hidden(kind)
    if kind.context == "skb":
        made = bytearray(ctx.ljust(192, b"\0"))
        pack_into("<I", made, 0, end - packet)
        pack_into("<2s", made, 16, data[12:14])
        pack_into("<I", made, 40, LOOPBACK)
        pack_into("<II", made, 76, packet, end)
        return bytes(made)
    if kind.context == "xdp":
        made = bytearray(64)
        pack_into("<4I", made, 0, packet, end, packet, LOOPBACK)
        return bytes(made)
    return ctx.ljust(_WORDS, b"\0")
