# load
from kring import KernelStruct, current, i64, syscall, u32


class task_struct(KernelStruct):
    state: i64
    flags: u32
    gone: u32


@syscall
def look() -> int:
    task = current.task
    if "gone" in task_struct:
        return task.gone
    if "flags" in task_struct:
        return task.state
    return 0
