# load
from kring import TcAction, tc


@tc
def allow() -> TcAction:
    return TcAction.OK
