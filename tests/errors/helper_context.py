from kring import Struct, Xdp, XdpAction, helpers, sizeof, u32, xdp


class Word(Struct):
    a: u32


@xdp
def load(ctx: Xdp) -> XdpAction:
    word = Word(a=0)
    helpers.xdp_load_bytes(word, 0, word, sizeof(Word))
    return XdpAction.PASS
