from kring import current, tracepoint


def down(n: int) -> int:
    return 0 if n == 0 else around(n - 1)


def around(n: int) -> int:
    return down(n)


@tracepoint("sched:sched_process_exec")
def on_exec() -> None:
    x = down(current.pid)
