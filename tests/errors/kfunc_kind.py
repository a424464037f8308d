from kring import current, i32, kfunc, syscall, task_struct


@kfunc
def bpf_task_from_pid(pid: i32) -> task_struct | None: ...


@syscall
def find() -> int:
    if bpf_task_from_pid(current.task) is None:
        return 1
    return 0
