from kring import PerCpuArray, tracepoint, u64

counts = PerCpuArray[u64](1)


@tracepoint("sched:sched_process_exec")
def on_exec() -> int:
    return counts[1]
