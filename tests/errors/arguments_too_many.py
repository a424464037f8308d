# load
from kring import raw_tracepoint, task_struct, u8, u32


@raw_tracepoint("sched_switch")
def on_switch(
    preempt: u8, prev: task_struct, next: task_struct, state: u32, cpu: u32
) -> None:
    pass
