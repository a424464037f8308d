from kring import tracepoint

NUMBERS = (1, 2)


def add(x: int, y: int) -> int:
    return x + y


@tracepoint("sched:sched_process_exec")
def on_exec() -> None:
    x = add(*NUMBERS)
