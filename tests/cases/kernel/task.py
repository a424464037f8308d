"""The current task's fields, by name, through pointers and with a view of one's own."""
# run: task() -> out=[me.pid, me.tid, 1, 0], seen=[Seen(comm=me.comm)]
from kring import Array, RingBuf, Struct, char, current, i64, syscall


class Seen(Struct):
    comm: str = char(16)


seen = RingBuf[Seen](4096)
out = Array[i64](4)


@syscall
def task() -> None:
    t = current.task
    out[0] = t.tgid
    out[1] = t.pid
    out[2] = t.real_parent.tgid > 0 and t.group_leader.pid == current.pid
    with seen.reserve() as s:
        s.comm = t.comm
