from kring import RingBuf, Struct, char, current, tracepoint, u32
class Exec(Struct):
    pid: u32
    comm: str = char(16)


events = RingBuf[Exec](4096)


@tracepoint("sched:sched_process_exec")
def on_exec() -> None:
    if (e := events.try_reserve()) is None:
        return
    events.submit(e)
    events.submit(e)
