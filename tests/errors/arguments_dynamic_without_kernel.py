from kring import Array, Context, raw_tracepoint, u64

out = Array[u64](1)


@raw_tracepoint("sched_switch")
def on_switch(ctx: Context) -> None:
    out[0] = ctx.preempt
