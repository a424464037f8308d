from kring import PerCpuArray, tracepoint, u64

counts = PerCpuArray[u64](2)


@tracepoint("sched:sched_process_exec")
def on_exec() -> None:
    del counts[1]
