from kring import Skb, TcAction, tc


@tc
def drop(ctx: Skb) -> TcAction:
    for i in range(4):
        if ctx.mark == i:
            return TcAction.SHOT
