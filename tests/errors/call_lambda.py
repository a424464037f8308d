from kring import current, tracepoint

double = lambda x: x * 2  # noqa: E731


@tracepoint("sched:sched_process_exec")
def on_exec() -> None:
    x = double(current.pid)
