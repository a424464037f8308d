from kring import Array, tp_btf, u8, u64

out = Array[u64](1)


@tp_btf("sched_switch")
def on_switch(preempt: u8, prev: object) -> None:
    out[0] = prev
