from kring import RingBuf, Struct, char, current, tracepoint


class Big(Struct):
    name: str = char(600)


events = RingBuf[Big](4096)


@tracepoint("sched:sched_process_exec")
def on_exec() -> None:
    x = current.uidd


@tracepoint("sched:sched_process_fork")
def on_fork() -> None:
    events.output(Big(name="x"))


@tracepoint("sched:sched_process_exit")
def on_exit() -> None:
    y = current.pid + 1.5
