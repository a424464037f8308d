from collections.abc import Iterator

from kring import current, tracepoint


def numbers(x: int) -> Iterator[int]:
    yield x


@tracepoint("sched:sched_process_exec")
def on_exec() -> None:
    x = numbers(current.pid)
