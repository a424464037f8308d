from kring import Discard, RingBuf, Struct, current, tracepoint, u32
class Exec(Struct):
    pid: u32


events = RingBuf[Exec](4096)


def send(e: Exec) -> None:
    events.submit(e)


@tracepoint("sched:sched_process_exec")
def on_exec() -> None:
    e = events.try_reserve()
    send(e)
