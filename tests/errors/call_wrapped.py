from collections.abc import Callable
from functools import wraps

from kring import current, tracepoint


def logged(function: Callable[[int], int]) -> Callable[[int], int]:
    @wraps(function)
    def wrapper(x: int) -> int:
        return function(x)

    return wrapper


@logged
def double(x: int) -> int:
    return x * 2


@tracepoint("sched:sched_process_exec")
def on_exec() -> None:
    x = double(current.pid)
