from kring import Array, tracepoint, u64

N = 4
counts = Array[u64](N)


@tracepoint("sched:sched_process_exec")
def on_exec() -> None:
    counts[3] = 1
    counts[N] = 1
