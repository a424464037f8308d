from kring import Skb, TcAction, tc


@tc
def count(ctx: Skb) -> TcAction:
    ctx.mark = 1
    ctx.protocol = 2
    return TcAction.OK
