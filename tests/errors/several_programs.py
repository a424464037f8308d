from kring import RingBuf, Struct, char, current, tracepoint


class Big(Struct):
    name: str = char(250)


events = RingBuf[Big](4096)


@tracepoint("sched:sched_process_exec")
def on_exec() -> None:
    x = current.uidd


@tracepoint("sched:sched_process_fork")
def on_fork() -> None:
    a = Big(name="x")
    b = Big(name="y")
    c = Big(name="z")
    events.output(a)
    events.output(b)
    events.output(c)


@tracepoint("sched:sched_process_exit")
def on_exit() -> None:
    y = current.pid + 1.5
