from kring import current, tracepoint


def half(n: int) -> int:
    return n / 2


def quarter(n: int) -> int:
    return half(half(n))


@tracepoint("sched:sched_process_exec")
def on_exec() -> None:
    x = quarter(current.pid)
