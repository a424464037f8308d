from kring import kfunc, syscall, task_struct


@kfunc
def bpf_task_release(p: task_struct) -> None: ...


@syscall
def drop() -> int:
    bpf_task_release()
    return 0
