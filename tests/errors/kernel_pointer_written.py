from kring import current, syscall


@syscall
def look() -> int:
    current.task.pid = 0
    return 0
