from kring import current, tracepoint, u8


def small(x: int) -> u8:
    if x < 10:
        return x


@tracepoint("sched:sched_process_exec")
def on_exec() -> None:
    x = small(current.pid)
