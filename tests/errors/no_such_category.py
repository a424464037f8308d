# load
from kring import tracepoint
@tracepoint("shed:sched_process_exec")
def on_exec() -> None:
    pass
