"""get, get with default, pop, in, del, assignment, set and += of hashes."""
# run: use(counts={1: 10, 2: 20}) -> counts={1: 11, 3: 5, 4: -1, 9: 7}, out=[10, -1, 20, -5, 1, 0, 7, 1]
# run: use(counts={}) -> counts={1: 1, 3: 5, 4: -1, 9: 7}, out=[-2, -1, -3, -5, 0, 0, 7, 1]
# run: fill(times=2) -> small={0: 2, 5: 1}, out=[1]
# run: structs(points={Key(a=1, b=2): Point(x=3, y=4)}, times=2) -> points={Key(a=1, b=2): Point(x=5, y=44), Key(a=9): Point(x=1)}, out=[9, 3]
# run: taken(points={Key(a=7): Point(x=3, y=4)}) -> points={}, out=[3, 4, 0]
# run: taken(points={Key(a=8): Point(x=3, y=4)}) -> points={Key(a=8): Point(x=3, y=4)}, out=[0, 0, 1]
from kring import Array, Hash, Struct, i64, syscall, u8, u32, u64


class Key(Struct):
    a: u8
    b: u32


class Point(Struct):
    x: u64
    y: i64


counts = Hash[u32, i64](max_entries=8)
small = Hash[u32, u64](max_entries=2)
points = Hash[Key, Point](max_entries=4)
out = Array[i64](8)


@syscall
def use() -> None:
    if (n := counts.get(1)) is not None:
        out[0] = n
    else:
        out[0] = -2
    out[1] = counts.get(77, -1)
    taken = counts.pop(2)
    out[2] = -3 if taken is None else taken
    if counts.get(2) is None:
        out[3] = -5
    if 1 in counts:
        out[4] = 1
    if 2 in counts or 1 not in counts and 2 in counts:
        out[5] = 1
    counts[9] = 7
    out[6] = counts.get(9, 0)
    counts[5] = 1
    del counts[5]
    del counts[6]
    counts[1] += 1
    counts[3] += 5
    counts[4] -= 1
    out[7] = counts.set(9, 7)


@syscall
def fill() -> None:
    for key in range(3):
        small[key] += key + 1
        out[0] = small.set(5, 1)
    small[1] = 4
    small[0] = 2


@syscall
def structs() -> None:
    if (p := points.get(Key(a=1, b=2))) is None:
        return
    p.x += 1
    p.y = p.y + 20
    out[1] = Point(x=3).x
    points[Key(a=9)] = Point(x=1)
    if Key(a=9) in points and Key(b=9) not in points:
        out[0] = 9


@syscall
def taken() -> None:
    key = Key(a=7)
    if (p := points.pop(key)) is not None:
        out[0] = p.x
        out[1] = p.y
    else:
        out[2] = 1
    if key in points:
        out[2] = 2
