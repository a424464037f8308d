# load
from kring import Array, i64, raw_tracepoint, u64

out = Array[u64](1)


@raw_tracepoint("sched_process_fork")
def on_fork(parent: u64, child: u64) -> None:
    out[0] = parent


@raw_tracepoint("signal_generate")
def on_signal(signal: i64) -> None:
    out[0] = signal
