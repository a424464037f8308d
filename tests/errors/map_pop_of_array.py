from kring import Array, tracepoint, u64

counts = Array[u64](2)


@tracepoint("sched:sched_process_exec")
def on_exec() -> None:
    counts.pop(1)
