# run: follow(links={1: Link(to=2), 2: Link(to=7), 7: Link(to=0)}) -> value=3, links={1: Link(to=2, seen=1), 2: Link(to=7, seen=1), 7: Link(to=0, seen=1)}
# run: follow() -> value=0
# run: either(links={1: Link(to=2), 3: Link(to=4)}, way=[0]) -> value=2
# run: either(links={1: Link(to=2), 3: Link(to=4)}, way=[1]) -> value=4
# run: either(links={1: Link(to=2)}, way=[1]) -> value=0
from kring import Array, Hash, Struct, syscall, u32


class Link(Struct):
    to: u32
    seen: u32


links = Hash[u32, Link](max_entries=16)
way = Array[u32](1)


@syscall
def follow() -> int:
    count = 0
    link = links.get(1)
    for _ in range(10):
        if link is None:
            break
        link.seen = 1
        count += 1
        link = links.get(link.to)
    return count


@syscall
def either() -> int:
    if way[0] == 0:
        link = links.get(1)
    else:
        link = links.get(3)
    if link is None:
        return 0
    return link.to
