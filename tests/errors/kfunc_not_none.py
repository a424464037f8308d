from kring import i32, kfunc, syscall, task_struct


@kfunc
def bpf_task_from_pid(pid: i32) -> task_struct | None: ...


@syscall
def find() -> int:
    task = bpf_task_from_pid(1)
    return task.pid
