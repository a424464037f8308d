# load
from kring import tracepoint
@tracepoint("sched:sched_process_exc")
def on_exec() -> None:
    pass
