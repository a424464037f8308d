from kring import current, tracepoint


def half(n: int) -> int:
    m = n / 2
    return m


def report(n: int) -> None:
    print_it(n)


@tracepoint("sched:sched_process_exec")
def on_exec() -> None:
    a = half(current.pid)
    b = half(current.uid)
    report(a)
    report(b)
    report(3)
    c = current.gidd
