from kring import Array, atomic, tracepoint, u64

counts = Array[u64](1)


@tracepoint("sched:sched_process_exec")
def on_exec() -> None:
    atomic.compare_exchange(counts[0], 1)
