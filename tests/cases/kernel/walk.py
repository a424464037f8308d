"""Kernel structs by typed pointers and by bare addresses: nested ones, null tests, questions."""

# run: typed() -> out=[me.tid, me.uid, 1, 0, 1, 1, 7, 0], names=[Name(text=me.comm)]
# run: bare() -> out=[me.tid, me.uid, 1, 0, 1, 1, 7, 0], names=[Name(text=me.comm)]
# run: asked() -> out=[1, 2, 1, 1, 0, 3]
# run: chosen(which=1) -> out=[0, me.tid]
# run: chosen(which=0) -> out=[1, 0]

from typing import cast

from kring import (
    Array,
    Global,
    KernelEnum,
    KernelStruct,
    RingBuf,
    Struct,
    char,
    current,
    embedded,
    exists,
    i32,
    i64,
    linux,
    sizeof,
    syscall,
    u16,
    u32,
)


class kuid_t(KernelStruct):
    val: u32


class cred(KernelStruct):
    uid: kuid_t = embedded()


class task_struct(KernelStruct):
    pid: i32
    real_parent: "task_struct"
    group_leader: "task_struct"
    cred: cred
    wake_q: "wake_q_node" = embedded()
    comm: str = char(16)


class wake_q_node(KernelStruct):
    next: "wake_q_node | None"


class pid_type(KernelEnum):
    PIDTYPE_PID: int
    PIDTYPE_TGID: int
    PIDTYPE_PGID: int
    PIDTYPE_SID: int


class Name(Struct):
    text: str = char(16)


out = Array[i64](8)
names = RingBuf[Name](4096)
which = Global[u16](0)


def look(task: task_struct) -> None:
    out[0] = task.pid
    out[1] = task.cred.uid.val
    out[2] = task == task.group_leader
    out[3] = task is None
    out[4] = not task.wake_q.next
    out[5] = task.real_parent.real_parent is not None and task.real_parent != task
    if (waiting := task.wake_q.next) is not None:
        out[6] = int(waiting)
    else:
        out[6] = 7
    out[7] = 1 if task.wake_q.next else 0
    with names.reserve() as n:
        n.text = task.comm


@syscall
def typed() -> None:
    look(cast(task_struct, current.task))


@syscall
def bare() -> None:
    look(cast(task_struct, int(current.task)))


@syscall
def asked() -> None:
    out[0] = "pid" in task_struct and "comm" in task_struct
    out[1] = pid_type.PIDTYPE_PGID
    out[2] = "PIDTYPE_SID" in pid_type
    out[3] = sizeof(cred) >= 4
    if not exists(cred):
        out[4] = current.task.pid
    out[5] = exists(cred) + exists(pid_type) * 2


@syscall
def chosen() -> None:
    found = cast(linux.mm_struct, u64_of(current.tid))
    if which.value:
        task = cast(task_struct, current.task)
        out[1] = task.pid
    else:
        out[0] = found.arg_start == 0 and found.exe_file is None


def u64_of(number: int) -> int:
    return number
