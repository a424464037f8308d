from kring import Discard, tracepoint
@tracepoint("sched:sched_process_exec")
def on_exec() -> None:
    raise Discard
