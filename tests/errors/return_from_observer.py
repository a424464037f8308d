from kring import tp_btf, u8


@tp_btf("sched_switch")
def on_switch(preempt: u8) -> int:
    return preempt
