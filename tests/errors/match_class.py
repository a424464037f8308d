from kring import current, tracepoint
@tracepoint("sched:sched_process_exec")
def on_exec() -> None:
    match current.pid:
        case int():
            pass
