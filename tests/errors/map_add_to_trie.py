from kring import LpmTrie, Struct, be32, tracepoint, u32, u64


class Route(Struct):
    bits: u32
    address: be32


hits = LpmTrie[Route, u64](8)


@tracepoint("sched:sched_process_exec")
def on_exec() -> None:
    hits[Route(bits=32, address=1)] += 1
