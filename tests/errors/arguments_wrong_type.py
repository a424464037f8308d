# load
from kring import task_struct, tp_btf, u8


@tp_btf("sched_switch")
def on_switch(preempt: u8, prev: task_struct, state: u8) -> None:
    pass
