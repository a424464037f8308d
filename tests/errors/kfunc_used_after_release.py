from kring import Array, i32, kfunc, syscall, task_struct, u64

out = Array[u64](1)


@kfunc
def bpf_task_from_pid(pid: i32) -> task_struct | None: ...
@kfunc
def bpf_task_release(p: task_struct) -> None: ...


@syscall
def find() -> int:
    if (task := bpf_task_from_pid(1)) is not None:
        bpf_task_release(task)
        out[0] = task.tgid
    return 0
