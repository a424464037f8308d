from kring import Struct, Xdp, XdpAction, array, u8, xdp


class Header(Struct):
    options: bytearray = array(8)
    n: u8


@xdp
def program(ctx: Xdp) -> XdpAction:
    if (h := ctx.packet.read(Header)) is not None:
        h.options[h.n & 7] = 1
    return XdpAction.PASS
