# load
from kring import Array, TracepointArgs, array, tracepoint, u64


class Entered(TracepointArgs):
    args: tuple[int, ...] = array(8, u64)


out = Array[u64](1)


@tracepoint("raw_syscalls:sys_enter")
def on_enter(ctx: Entered) -> None:
    out[0] = ctx.args[2]
