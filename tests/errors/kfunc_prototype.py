# load
from kring import kfunc, syscall, task_struct, u64


@kfunc
def bpf_task_from_pid(pid: u64) -> task_struct | None: ...


@syscall
def find() -> int:
    if bpf_task_from_pid(1) is None:
        return 1
    return 0
