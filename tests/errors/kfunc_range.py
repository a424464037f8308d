from kring import i32, kfunc, syscall, task_struct


@kfunc
def bpf_task_from_pid(pid: i32) -> task_struct | None: ...


@syscall
def find() -> int:
    if bpf_task_from_pid(1 << 40) is None:
        return 1
    return 0
