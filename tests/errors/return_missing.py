from kring import Struct, Xdp, XdpAction, be16, xdp


class Ports(Struct):
    source: be16
    dest: be16


@xdp
def drop(ctx: Xdp) -> XdpAction:
    if (ports := ctx.packet.read(Ports)) is not None:
        if ports.dest == 53:
            return XdpAction.DROP
        elif ports.source == 53:
            return XdpAction.PASS
    else:
        return XdpAction.PASS
