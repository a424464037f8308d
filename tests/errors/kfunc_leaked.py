from kring import Array, i32, kfunc, syscall, task_struct, u64

out = Array[u64](1)


@kfunc
def bpf_task_from_pid(pid: i32) -> task_struct | None: ...


@syscall
def find() -> int:
    task = bpf_task_from_pid(1)
    if task is not None:
        out[0] = task.tgid
    return 0
