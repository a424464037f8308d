# run: change(far={1: Far(near=1, n=5, m=7)}) -> value=12, far={1: Far(near=1, n=3, m=17)}
# run: send() -> value=1, lost=0
from kring import Hash, RingBuf, Struct, array, syscall, u32, u64


class Far(Struct):
    near: u32
    rest: bytes = array(70000)
    n: u32
    m: u64


far = Hash[u32, Far](max_entries=2)
events = RingBuf[Far](1 << 20)


@syscall
def change() -> int:
    f = far.get(1)
    if f is None:
        return 0
    was = f.n + f.m
    f.n = 3
    f.m += 10
    return was


@syscall
def send() -> int:
    with events.reserve() as e:
        e.n = 3
        e.m = e.n + 1
        return 1 if e.m == 4 else 2
