from kring import current, tracepoint
@tracepoint("sched:sched_process_exec")
def on_exec() -> None:
    yield current.pid
