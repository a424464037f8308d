# load
from kring import current, i64, kfunc, syscall, task_struct, u64


@kfunc
def bpf_task_under_cgroup(task: task_struct, level: u64) -> i64: ...


@syscall
def find() -> int:
    return bpf_task_under_cgroup(current.task, 1)
