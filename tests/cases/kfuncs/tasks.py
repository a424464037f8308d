"""A kernel object that a function gives and another takes back."""

# engines: kernel

from kring import Array, KernelStruct, current, i32, kfunc, syscall, u64


class task_struct(KernelStruct):
    pid: i32
    tgid: i32
    real_parent: "task_struct"


@kfunc
def bpf_task_from_pid(pid: i32) -> task_struct | None: ...
@kfunc
def bpf_task_release(p: task_struct) -> None: ...


out = Array[u64](3)


# run: look() -> out=[me.tid, me.pid, 7], value=0
@syscall
def look() -> int:
    task = bpf_task_from_pid(current.tid)
    if task is not None:
        out[0] = task.pid
        out[1] = task.tgid
        bpf_task_release(task)
    if (other := bpf_task_from_pid(0x7FFF_FFFF)) is None:
        out[2] = 7
    else:
        bpf_task_release(other)
    return 0


def tgid_of(pid: int) -> int:
    task = bpf_task_from_pid(pid)
    if task is None:
        return 0
    found = task.tgid
    bpf_task_release(task)
    return found


# run: often() -> out=[me.pid, me.pid, 5], value=0
@syscall
def often() -> int:
    out[0] = tgid_of(current.tid)
    out[1] = tgid_of(current.pid)
    out[2] = tgid_of(2) + tgid_of(3) + tgid_of(0x7FFF_FFFF)
    return 0
