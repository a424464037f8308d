"""What programs on packets are given and give back."""

from __future__ import annotations

from enum import IntEnum
from typing import TypeVar

from kring.decl.inside import only_inside
from kring.decl.struct import Struct

S = TypeVar("S", bound=Struct)


class XdpAction(IntEnum):
    """What becomes of the packet. See: enum xdp_action."""

    ABORTED = 0
    DROP = 1
    PASS = 2
    TX = 3
    REDIRECT = 4


class Packet:
    """A packet, read from its first byte on at a cursor that moves."""

    __slots__ = ()

    def read(self, header: type[S], /) -> S | None:
        """In a program: the header at the cursor, which moves behind it; None if the packet ends
        before that, and the cursor stays. The header is the packet's own memory."""
        only_inside("packet.read()")

    def skip(self, n: int, /) -> bool:
        """In a program: move the cursor `n` bytes on; true if it stayed inside the packet.

        A negative `n`, or one that leads out of the packet, exhausts it: later reads are None.
        """
        only_inside("packet.skip()")

    def __len__(self) -> int:
        """In a program: bytes of the whole packet, wherever the cursor is."""
        only_inside("len(packet)")


class Xdp:
    """A packet as a network device received it; `ifindex` is the number of that device."""

    __slots__ = ()
    packet: Packet
    ifindex: int
