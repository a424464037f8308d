from kring import Hash, tracepoint, u8, u32
small = Hash[u32, u8](max_entries=8)


@tracepoint("sched:sched_process_exec")
def on_exec() -> None:
    small[1] += 1
