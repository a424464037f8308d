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
