from typing import cast

from kring import current, syscall, task_struct


@syscall
def look() -> int:
    return cast(task_struct, current.comm).pid
