# load
from kring import Array, Context, tracepoint, u64

out = Array[u64](1)


@tracepoint("ras:non_standard_event")
def on_error(ctx: Context) -> None:
    out[0] = ctx.buf[2]
