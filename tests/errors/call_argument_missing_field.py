from kring import Struct, tracepoint, u32


class Pair(Struct):
    a: u32


def total(pair: Pair) -> int:
    return pair.a + pair.b


@tracepoint("sched:sched_process_exec")
def on_exec() -> None:
    x = total(Pair(a=1))
