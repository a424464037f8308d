from kring import Array, SpinLock, Struct, tracepoint, u64


class Total(Struct):
    packets: u64
    lock: SpinLock


totals = Array[Total](1)


@tracepoint("sched:sched_process_exec")
def on_exec() -> None:
    total = totals[0]
    with total.lock:
        total.packets = total.packets + 1
