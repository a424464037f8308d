from kring import Struct, atomic, tracepoint, u64


class Pair(Struct):
    a: u64


@tracepoint("sched:sched_process_exec")
def on_exec() -> None:
    pair = Pair(a=1)
    atomic.fetch_add(pair.a, 1)
