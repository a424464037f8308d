# load
from kring import tp_btf


@tp_btf("sched_swich")
def on_switch() -> None:
    pass
