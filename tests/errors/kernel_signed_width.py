# load
from kring import KernelStruct, current, i32, syscall


class signal_struct(KernelStruct):
    oom_score_adj: i32


class task_struct(KernelStruct):
    signal: signal_struct


@syscall
def look() -> int:
    return current.task.signal.oom_score_adj
