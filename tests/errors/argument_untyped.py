from kring import raw_tracepoint, u8


@raw_tracepoint("sched_switch")
def on_switch(preempt: u8, prev: int) -> None:
    pass
