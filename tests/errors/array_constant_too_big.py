from kring import Array, tracepoint, u8

small = Array[u8](1)


@tracepoint("sched:sched_process_exec")
def on_exec() -> None:
    small[0] = 256
