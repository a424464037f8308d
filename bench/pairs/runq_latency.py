"""How long threads wait for a CPU once they can run: a histogram of powers of two."""
from kring import Array, Hash, TracepointArgs, i32, i64, ktime_ns, tracepoint, u32, u64

TASK_RUNNING = 0


class Wakeup(TracepointArgs):
    pid: i32


class Switch(TracepointArgs):
    prev_pid: i32
    prev_state: i64
    next_pid: i32


woken = Hash[u32, u64](max_entries=10_240)
latency = Array[u64](64)


def log2(n: int) -> int:
    power = 0
    if n >= 1 << 32:
        n >>= 32
        power += 32
    if n >= 1 << 16:
        n >>= 16
        power += 16
    if n >= 1 << 8:
        n >>= 8
        power += 8
    if n >= 1 << 4:
        n >>= 4
        power += 4
    if n >= 1 << 2:
        n >>= 2
        power += 2
    if n >= 1 << 1:
        power += 1
    return power


@tracepoint("sched:sched_wakeup")
def wakeup(ctx: Wakeup) -> None:
    woken[ctx.pid] = ktime_ns()


@tracepoint("sched:sched_wakeup_new")
def wakeup_new(ctx: Wakeup) -> None:
    woken[ctx.pid] = ktime_ns()


@tracepoint("sched:sched_switch")
def switch(ctx: Switch) -> None:
    now = ktime_ns()
    if ctx.prev_state == TASK_RUNNING:
        woken[ctx.prev_pid] = now
    if (since := woken.pop(ctx.next_pid)) is not None:
        latency[log2(now - since)] += 1
