from kring import current, tracepoint
@tracepoint("sched:sched_process_exec")
def on_exec() -> None:
    f = lambda x: x
