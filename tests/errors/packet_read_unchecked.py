from kring import Struct, Xdp, XdpAction, be16, xdp
class Udp(Struct):
    sport: be16
    dport: be16


@xdp
def program(ctx: Xdp) -> XdpAction:
    udp = ctx.packet.read(Udp)
    return XdpAction.DROP if udp.dport == 53 else XdpAction.PASS
