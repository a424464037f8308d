# load
from kring import task_struct, tp_btf


@tp_btf("sched_switch")
def on_switch(prev: task_struct, next: task_struct) -> None:
    pass
