from kring import Hash, Struct, atomic, be32, tracepoint, u32


class Flow(Struct):
    address: be32


flows = Hash[u32, Flow](max_entries=8)


@tracepoint("sched:sched_process_exec")
def on_exec() -> None:
    if (flow := flows.get(1)) is not None:
        atomic.exchange(flow.address, 4)
