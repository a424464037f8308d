from kring import Skb, TcAction, tc


@tc
def count(ctx: Skb) -> TcAction:
    return TcAction.OK if ctx.local_port == 80 else TcAction.SHOT
