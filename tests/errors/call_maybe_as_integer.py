from kring import current, tracepoint


def small(x: int) -> int | None:
    if x < 10:
        return x


@tracepoint("sched:sched_process_exec")
def on_exec() -> None:
    x = small(current.pid) + 1
