from kring import Context, tracepoint
@tracepoint("sched:sched_process_exec")
def on_exec(ctx: Context) -> None:
    ctx.pid = 3
