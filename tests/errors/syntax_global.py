from kring import tracepoint
count = 0


@tracepoint("sched:sched_process_exec")
def on_exec() -> None:
    global count
    count += 1
