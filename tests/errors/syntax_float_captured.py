from kring import current, tracepoint
RATE = 0.5


@tracepoint("sched:sched_process_exec")
def on_exec() -> None:
    x = current.pid * RATE
