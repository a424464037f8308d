from kring import Skb, TcAction, tc


@tc
def count(ctx: Skb) -> TcAction:
    return TcAction.OK if ctx.protcol == 80 else TcAction.SHOT
