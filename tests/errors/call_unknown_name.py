from kring import current, tracepoint


def scaled(x: int, factor: int = 2) -> int:
    return x * factor


@tracepoint("sched:sched_process_exec")
def on_exec() -> None:
    x = scaled(current.pid, facter=3)
