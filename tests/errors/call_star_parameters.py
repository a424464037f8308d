from kring import current, tracepoint


def total(*numbers: int) -> int:
    return 0


@tracepoint("sched:sched_process_exec")
def on_exec() -> None:
    x = total(current.pid, 1)
