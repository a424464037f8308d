"""A comparison with None tells what follows it, in values as in conditions."""
# run: narrow(points={1: Point(x=3)}) -> out=[1, 1, 0, 7, 3]
# run: narrow(points={1: Point(x=9)}) -> out=[0, 1, 0, 7, 9]
# run: narrow(points={2: Point(x=5)}) -> out=[0, 0, 1, 0, -1]
# run: again(counts={1: 20}) -> out=[20, 21, 20, 9, 0]
# run: again(counts={2: 20}) -> out=[0, 1, 0, 20, 0]
# run: again(counts={}) -> out=[0, 1, 0, 0, 0]
# run: again(counts={1: 0, 2: 3}) -> out=[0, 1, 0, 3, 0]
# run: partly(points={1: Point(x=3)}, counts={1: 4}) -> out=[1, 4, 0, 3, 4]
# run: partly(points={1: Point(x=9)}, counts={1: 30}) -> out=[0, 0, 5, 9, 30]
# run: partly(points={}, counts={}) -> out=[0, 0, 5, 0, -1]
# run: turns(points={1: Point(x=1)}, counts={1: 1}) -> out=[4, 1, 0, 0, 2]
# run: turns(points={1: Point(x=1)}, counts={}) -> out=[4, 0, 0, 0, -1]
# run: turns(points={}, counts={1: 7}) -> out=[1, 0, 0, 0, -1]
from kring import Array, Hash, Struct, i64, syscall, u32, u64


class Point(Struct):
    x: u32


counts = Hash[u32, u64](max_entries=4)
points = Hash[u32, Point](max_entries=4)
out = Array[i64](5)


@syscall
def narrow() -> None:
    p = points.get(1)
    out[0] = p is not None and p.x < 9
    out[1] = p is not None
    out[2] = p is None or p.x > 9
    out[3] = not p is None and 7  # noqa: E714
    out[4] = -1 if p is None else p.x


@syscall
def again() -> None:
    n = counts.get(1)
    if n is not None:
        out[0] = n
    if n is None:
        out[1] = 1
    else:
        out[1] = n + 1
    if n is not None:
        out[2] = n
    if (m := counts.get(2)) is None and n is None:
        return
    out[3] = 9 if m is None else m


@syscall
def partly() -> None:
    p = points.get(1)
    n = counts.get(1)
    if p is not None and p.x < 9:
        out[0] = 1
    if n is not None and n < 9:
        out[1] = n
    if n is None or n > 20:
        out[2] = 5
    if p is not None:
        out[3] = p.x
    out[4] = -1 if n is None else n


@syscall
def turns() -> None:
    p = points.get(1)
    n = counts.get(1)
    for i in range(4):
        if p is None or p.x <= i:
            if p is None and i:
                break
            out[0] += 1
        if n is not None and n < i:
            out[1] = n
    out[0] += 1 if p is not None else 0
    out[4] = -1 if n is None or p is None else n + p.x
