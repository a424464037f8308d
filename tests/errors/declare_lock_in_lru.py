from kring import LruHash, SpinLock, Struct, u32, u64


class Total(Struct):
    packets: u64
    lock: SpinLock


totals = LruHash[u32, Total](max_entries=8)
