"""A program that walks the current task's structs, written as a user would."""

from typing import cast

from kring import (
    Array,
    Global,
    KernelEnum,
    KernelStruct,
    RingBuf,
    Struct,
    array,
    bits,
    char,
    current,
    embedded,
    exists,
    i16,
    i32,
    i64,
    linux,
    named,
    ptr,
    sizeof,
    syscall,
    u32,
    u64,
)


class rlimit(KernelStruct):
    rlim_cur: u64
    rlim_max: u64


class upid(KernelStruct):
    nr: i32


class pid(KernelStruct):
    level: u32
    numbers: tuple[upid, ...] = array(4, embedded(upid))


class pid_type(KernelEnum):
    PIDTYPE_PID: int
    PIDTYPE_TGID: int
    PIDTYPE_PGID: int
    PIDTYPE_SID: int
    PIDTYPE_FUTURE: int


class nothing_like_it(KernelStruct):
    field: u32


class signal_struct(KernelStruct):
    rlim: tuple[rlimit, ...] = array(16, embedded(rlimit))
    pids: tuple[pid, ...] = array(4, pid)
    is_child_subreaper: u32 = bits(1)
    oom_score_adj: i16
    removed: u32


class mm_struct(KernelStruct):
    arg_start: u64
    exe_file: linux.file


class task_struct(KernelStruct):
    tgid: i32
    mm: mm_struct | None
    cred: linux.cred
    nsproxy: linux.nsproxy
    fs: linux.fs_struct
    signal: signal_struct
    state: i64
    new_state: u32 = named("__state")
    stack: ptr
    real_parent: "task_struct"
    group_leader: "task_struct"


class Numbers(Struct):
    arg_start: u64
    uid: u32
    pid_ns: u32
    open_files: u64
    open_files_max: u64
    subreaper: u32
    oom: i32
    process: u32
    group: u32
    session: u32
    parent: u32
    running: u32
    too_far: u64
    leader: u32
    orphan: u32
    no_memory: u32
    aligned: u32


class Names(Struct):
    exe: str = char(64)
    directory: str = char(64)
    cwd: str = char(64)


numbers = RingBuf[Numbers](4096)
names = RingBuf[Names](4096)
facts = Array[u64](5)
limit = Global[u32](7)


def look(t: task_struct) -> None:
    with numbers.reserve() as n:
        if t.mm is not None:
            n.arg_start = t.mm.arg_start
        n.uid = t.cred.uid.val
        n.pid_ns = t.nsproxy.pid_ns_for_children.ns.inum
        n.open_files = t.signal.rlim[7].rlim_cur
        n.open_files_max = t.signal.rlim[limit.value].rlim_max
        n.too_far = t.signal.rlim[limit.value + 1000].rlim_max
        n.subreaper = t.signal.is_child_subreaper
        n.oom = t.signal.oom_score_adj
        n.process = t.signal.pids[pid_type.PIDTYPE_TGID].numbers[0].nr
        n.group = t.signal.pids[2].numbers[0].nr
        session = t.signal.pids[pid_type.PIDTYPE_SID]
        n.session = session.numbers[session.level].nr
        n.parent = t.real_parent.tgid
        if "state" in task_struct:
            n.running = t.state == 0
        else:
            n.running = t.new_state == 0
        if "removed" in signal_struct:
            n.running = t.signal.removed
        n.leader = t == t.group_leader
        n.orphan = t == t.real_parent or not t.real_parent
        n.no_memory = first_has_no_memory(t)
        n.aligned = int(t) % 64 == 0 and t.stack != 0
    with names.reserve() as s:
        if (mm := t.mm) is not None:
            s.exe = mm.exe_file.f_path.dentry.d_name.name
            s.directory = mm.exe_file.f_path.dentry.d_parent.d_name.name
        s.cwd = t.fs.pwd.dentry.d_name.name
    facts[0] = sizeof(rlimit)
    facts[1] = exists(rlimit)
    facts[2] = exists(nothing_like_it) or exists(pid_type) * 2
    facts[3] = "PIDTYPE_FUTURE" in pid_type
    facts[4] = pid_type.PIDTYPE_SID


def first_has_no_memory(t: task_struct) -> bool:
    first = t.real_parent
    for _ in range(40):
        if first == first.real_parent:
            break
        first = first.real_parent
    return first.mm is None and not first.mm


@syscall
def typed() -> None:
    look(cast(task_struct, current.task))


@syscall
def bare() -> None:
    look(cast(task_struct, int(current.task)))
