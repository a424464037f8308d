from kring import tracepoint
@tracepoint("sched:sched_process_exec")
def on_exec() -> None:
    pass


on_exec()
