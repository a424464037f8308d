from kring import Array, SpinLock, Struct, u64, xdp


class Total(Struct):
    packets: u64
    lock: SpinLock


totals = Array[Total](2)


@xdp
def program() -> int:
    one = totals[0]
    two = totals[1]
    with one.lock:
        with two.lock:
            one.packets = two.packets
    return 2
