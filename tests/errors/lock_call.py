from kring import Array, SpinLock, Struct, u64, xdp


class Total(Struct):
    packets: u64
    lock: SpinLock


totals = Array[Total](1)
counts = Array[u64](1)


@xdp
def program() -> int:
    total = totals[0]
    with total.lock:
        counts[0] += 1
    return 2
