from kring import tracepoint, u8
@tracepoint("sched:sched_process_exec")
def on_exec() -> None:
    x: u8 = 256
