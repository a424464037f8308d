from kring import Array, Struct, cpu, tracepoint, u64


class Flow(Struct):
    packets: u64


flows = Array[Flow](4)


@tracepoint("sched:sched_process_exec")
def on_exec() -> None:
    flows[cpu()].packets += 1
