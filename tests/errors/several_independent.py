from kring import Hash, RingBuf, Struct, char, current, tracepoint, u32, u64


class Exec(Struct):
    pid: u32
    comm: str = char(16)


events = RingBuf[Exec](4096)
counts = Hash[u32, u64](max_entries=64)


@tracepoint("sched:sched_process_exec")
def on_exec() -> None:
    with events.reserve() as e:
        e.pid = current.pdi
        e.comm = 3
    half = current.pid / 2
    counts[half] += 1
    print_all(half)
    counts[1] *= 2
