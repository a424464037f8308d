from kring import tracepoint

NUMBERS = {"x": 1, "y": 2}


def add(x: int, y: int) -> int:
    return x + y


@tracepoint("sched:sched_process_exec")
def on_exec() -> None:
    x = add(**NUMBERS)
