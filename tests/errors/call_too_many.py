from kring import current, tracepoint


def double(x: int) -> int:
    return x * 2


@tracepoint("sched:sched_process_exec")
def on_exec() -> None:
    x = double(current.pid, 2)
