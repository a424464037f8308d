from kring import current, tracepoint


@tracepoint("sched:sched_process_exec")
async def on_exec() -> None:
    await current
