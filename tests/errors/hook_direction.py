from kring import Skb, TcAction, tc


@tc("inwards")
def allow(ctx: Skb) -> TcAction:
    return TcAction.OK
