# load
from kring import XdpAction, xdp


@xdp
def program() -> XdpAction:
    return XdpAction.PASS
