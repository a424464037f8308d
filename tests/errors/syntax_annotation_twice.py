from kring import tracepoint, u8, u32
@tracepoint("sched:sched_process_exec")
def on_exec() -> None:
    x: u8 = 3
    x: u32 = 4
