from kring import Discard, Hash, RingBuf, Struct, current, tracepoint, u32


class Exec(Struct):
    pid: u32
    uid: u32


events = RingBuf[Exec](4096)
limits = Hash[u32, Exec](max_entries=64)


@tracepoint("sched:sched_process_exec")
def on_exec() -> None:
    with evnts.reserve() as e:
        e.pid = current.pid
        if current.uid == 0:
            raise Discard
        e.uid = current.user
    for i in range(current.pid / 2):
        if i == 3:
            break
        x = current.nothing
    if (limit := limits.get(current.uidd)) is not None:
        limit.pid = current.pid
        limit.uid += "one"
    while current.idle:
        x = 1.5
    with events.reserve() as e:
        if e.pid > 3:
            e.puid = 3
        else:
            raise Discardd
    return current.last
