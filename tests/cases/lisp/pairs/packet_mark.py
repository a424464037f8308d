"""Marks packets, and keeps how long they are."""

# run: mark(data=bytes(64)) -> value=0, lengths={64: 1}
# run: mark(data=bytes(14)) -> value=0, lengths={14: 1}
from kring import Hash, Skb, TcAction, tc, u32, u64

lengths = Hash[u32, u64](max_entries=64)


@tc
def mark(ctx: Skb) -> TcAction:
    ctx.mark = 7
    lengths[ctx.len] = 1
    return TcAction.OK
