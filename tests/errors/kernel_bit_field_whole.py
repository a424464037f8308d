# load
from kring import KernelStruct, current, syscall, u32


class signal_struct(KernelStruct):
    is_child_subreaper: u32


class task_struct(KernelStruct):
    signal: signal_struct


@syscall
def look() -> int:
    return current.task.signal.is_child_subreaper
