from kring import Hash, current, tracepoint, u32, u64
counts = Hash[u32, u64](max_entries=8)


@tracepoint("sched:sched_process_exec")
def on_exec() -> None:
    counts[-1] = 7
