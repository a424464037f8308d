from kring import current, tracepoint
@tracepoint("sched:sched_process_exec")
def on_exec() -> None:
    for i, x in enumerate(range(3)):
        pass
