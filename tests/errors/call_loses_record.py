from kring import Discard, RingBuf, Struct, current, tracepoint, u32
class Exec(Struct):
    pid: u32


events = RingBuf[Exec](4096)


def forget() -> None:
    e = events.try_reserve()
    if e is not None:
        return


@tracepoint("sched:sched_process_exec")
def on_exec() -> None:
    forget()
