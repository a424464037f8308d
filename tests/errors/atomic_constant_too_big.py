from kring import Array, atomic, tracepoint, u32

counts = Array[u32](1)


@tracepoint("sched:sched_process_exec")
def on_exec() -> None:
    atomic.exchange(counts[0], 2**32)
