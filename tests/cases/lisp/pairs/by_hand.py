"""A record reserved and submitted by hand, or discarded."""

# run: send(data=bytes([7, 0, 0, 0] + [0] * 60), times=2) -> events=[Event(word=7), Event(word=7)], value=2
# run: send(data=bytes(64)) -> events=[], value=2
from kring import RingBuf, Struct, Xdp, XdpAction, u32, xdp


class First(Struct):
    word: u32


class Event(Struct):
    word: u32


events = RingBuf[Event](4096, count_drops=False)


@xdp
def send(ctx: Xdp) -> XdpAction:
    if (first := ctx.packet.read(First)) is None:
        return XdpAction.PASS
    if (e := events.try_reserve()) is not None:
        e.word = first.word
        if first.word == 0:
            events.discard(e)
        else:
            events.submit(e)
    return XdpAction.PASS
