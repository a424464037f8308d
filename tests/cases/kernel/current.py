"""The task a program runs as."""
# run: who() -> seen=[Seen(pid=me.pid, tid=me.tid, uid=me.uid, gid=me.gid, comm=me.comm)], out=[1, 1]
from kring import Array, RingBuf, Struct, char, cpu, current, i64, ktime_ns, syscall, u32


class Seen(Struct):
    pid: u32
    tid: u32
    uid: u32
    gid: u32
    comm: str = char(16)


seen = RingBuf[Seen](4096)
out = Array[i64](2)


@syscall
def who() -> None:
    start = ktime_ns()
    with seen.reserve() as s:
        s.pid = current.pid
        s.tid = current.tid
        s.uid = current.uid
        s.gid = current.gid
        s.comm = current.comm
    out[0] = ktime_ns() >= start > 0
    out[1] = cpu() < 4096
