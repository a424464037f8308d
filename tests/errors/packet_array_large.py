from kring import Struct, Xdp, XdpAction, array, u8, xdp


class Header(Struct):
    data: bytes = array(512)
    n: u8


@xdp
def program(ctx: Xdp) -> XdpAction:
    if (h := ctx.packet.read(Header)) is not None and h.data[h.n] == 1:
        return XdpAction.DROP
    return XdpAction.PASS
