"""Who starts programs: ids, owner, parent, age and flags of the process."""
from kring import RingBuf, Struct, char, cpu, current, ktime_ns, tracepoint, u32, u64


class Process(Struct):
    ns: u64
    started_ns: u64
    pid: u32
    tid: u32
    uid: u32
    gid: u32
    parent: u32
    parent_of_parent: u32
    flags: u32
    cpu: u32
    comm: str = char(16)
    parent_comm: str = char(16)


processes = RingBuf[Process](256 * 1024)


@tracepoint("syscalls:sys_enter_execve")
def process_info() -> None:
    with processes.reserve() as p:
        task = current.task
        parent = task.real_parent
        p.ns = ktime_ns()
        p.started_ns = task.start_time
        p.pid = current.pid
        p.tid = current.tid
        p.uid = current.uid
        p.gid = current.gid
        p.parent = parent.tgid
        p.parent_of_parent = parent.real_parent.tgid
        p.flags = task.flags
        p.cpu = cpu()
        p.comm = current.comm
        p.parent_comm = parent.comm
