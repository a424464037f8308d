from kring import tracepoint
@tracepoint("sched_process_exec")
def on_exec() -> None:
    pass
