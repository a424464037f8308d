from kring import current, tracepoint
@tracepoint("sched:sched_process_exec")
def on_exec() -> None:
    for x in [1, 2, 3]:
        pass
