from kring import SpinLock, Struct, u64, xdp


class Total(Struct):
    packets: u64
    lock: SpinLock


@xdp
def program() -> int:
    total = Total(packets=1)
    with total.lock:
        total.packets = 2
    return 2
