from kring import atomic, tracepoint


@tracepoint("sched:sched_process_exec")
def on_exec() -> None:
    count = 3
    atomic.fetch_add(count, 1)
