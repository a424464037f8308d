from kring import current, tracepoint


async def double(x: int) -> int:
    return x * 2


@tracepoint("sched:sched_process_exec")
def on_exec() -> None:
    x = double(current.pid)
