from kring import current, syscall, task_struct


@syscall
def look() -> int:
    return current.pid in task_struct
