from kring import tracepoint, u8


def double(x: u8) -> int:
    return x * 2


@tracepoint("sched:sched_process_exec")
def on_exec() -> None:
    x = double(300)
