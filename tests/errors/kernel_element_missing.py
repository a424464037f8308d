# load
from kring import KernelStruct, array, current, embedded, syscall, u64


class rlimit(KernelStruct):
    rlim_cur: u64


class signal_struct(KernelStruct):
    rlim: tuple[rlimit, ...] = array(100, embedded(rlimit))


class task_struct(KernelStruct):
    signal: signal_struct


@syscall
def look() -> int:
    return current.task.signal.rlim[99].rlim_cur
