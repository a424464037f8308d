from kring import Skb, TcAction, XdpAction, tc


@tc
def drop(ctx: Skb) -> int:
    if ctx.mark:
        return TcAction.SHOT
    return 12
