from kring import current, tracepoint


def add(x: int, y: int, *, z: int) -> int:
    return x + y + z


@tracepoint("sched:sched_process_exec")
def on_exec() -> None:
    x = add(current.pid, z=1)
