from kring import current, syscall, task_struct


@syscall
def look() -> int:
    return "pidd" in task_struct
