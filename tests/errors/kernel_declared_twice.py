from typing import cast

import kring
from kring import current, syscall, u64


class task_struct(kring.task_struct):
    pid: u64


@syscall
def look() -> int:
    return cast(task_struct, current.task).pid


@syscall
def other() -> int:
    return current.task.real_parent.pid + look_again()


def look_again() -> int:
    return cast(kring.task_struct, current.task).pid
