"""Queues, stacks, filters and prefixes: their methods, full and empty, of integers and structs."""

# run: queues(queue=[5, 6]) -> queue=[7, 9], out=[5, 6, 1, -1, 0]
# run: queues(queue=[]) -> queue=[9], out=[-1, 7, 1, 7, -1]
# run: full() -> queue=[0, 1, 2, 3], out=[4]
# run: stacks(stack=[Job(id=1, size=10), Job(id=2, size=20)]) -> stack=[Job(id=1, size=10), Job(id=3, size=30)], out=[2, 20, 3]
# run: stacks(stack=[]) -> stack=[Job(id=3, size=30)], out=[-1, -1, 3]
# run: filters(seen=[3], named=[Job(id=1, size=2)]) -> out=[1, 0, 1, 1, 1]
# run: prefixes(routes={Route(bits=8, address=0x0A00_0000): 1, Route(bits=24, address=0x0A01_0200): 2}) -> routes={Route(bits=8, address=0x0A00_0000): 1, Route(bits=32, address=0x0A01_0203): 7}, out=[1, 2, -1, 1, 7, 1]
from kring import Array, Bloom, LpmTrie, Queue, Stack, Struct, be32, i64, raw_tracepoint, syscall, u32, u64


class Job(Struct):
    id: u64
    size: u32


class Route(Struct):
    bits: u32
    address: be32


queue = Queue[u32](4)
stack = Stack[Job](4)
seen = Bloom[u64](64)
named = Bloom[Job](64)
routes = LpmTrie[Route, u32](16)
out = Array[i64](6)


@syscall
def queues() -> None:
    first = queue.pop()
    out[0] = -1 if first is None else first
    queue.push(7)
    if (head := queue.peek()) is not None:
        out[1] = head
    out[2] = queue.push(9)
    if first is None:
        if (again := queue.pop()) is not None:
            out[3] = again
        out[4] = -1
        return
    out[3] = -1
    queue.pop()


@syscall
def full() -> None:
    for i in range(6):
        out[0] += queue.push(i)


@syscall
def stacks() -> None:
    if (job := stack.pop()) is None:
        out[0] = -1
    else:
        out[0] = job.id
    out[1] = -1 if job is None else job.size
    stack.push(Job(id=3, size=30))
    if (top := stack.peek()) is not None:
        out[2] = top.id


@raw_tracepoint("sched_switch")
def filters() -> None:
    out[0] = 3 in seen
    out[1] = 4 in seen
    seen.add(4)
    out[2] = 4 in seen
    out[3] = Job(id=1, size=2) in named
    if Job(id=1, size=3) not in named:
        out[4] = 1


@raw_tracepoint("sched_switch")
def prefixes() -> None:
    out[0] = routes.get(Route(bits=32, address=0x0A09_0909), -1)
    out[1] = routes.get(Route(bits=32, address=0x0A01_0203), -1)
    out[2] = routes.get(Route(bits=32, address=0x0B01_0203), -1)
    out[3] = Route(bits=32, address=0x0A01_0203) in routes
    routes[Route(bits=32, address=0x0A01_0203)] = 7
    del routes[Route(bits=24, address=0x0A01_0200)]
    if (n := routes.get(Route(bits=32, address=0x0A01_0203))) is not None:
        out[4] = n
    if Route(bits=32, address=0x0B01_0203) not in routes:
        out[5] = 1
