"""The task that programs in the VM run as.

In:  a `Task`.
Out: `task_values(task)`, the fields of its task_struct by their kernel names.
"""

from __future__ import annotations

from collections.abc import Mapping

from kring.record import field, record
from kring.run.vm.layout import Value


@record
class Task:
    """The current task: `pid` is the process's id (the kernel's tgid), `tid` the thread's.

    `more` sets further fields of its task_struct by their kernel names; `kernel_stack` and
    `user_stack` are the addresses of the calls it is in, innermost first.
    """

    pid: int = 1000
    tid: int = 1000
    ppid: int = 1
    comm: str = "vm"
    uid: int = 0
    gid: int = 0
    parent_comm: str = "init"
    cgroup_id: int = 1
    more: Mapping[str, Value] = field(default_factory=dict[str, Value])
    kernel_stack: tuple[int, ...] = ()
    user_stack: tuple[int, ...] = ()


def task_values(task: Task) -> Mapping[str, Value]:
    """The fields of the task's task_struct."""
    parent = _thread(task.ppid, task.ppid, task.parent_comm)
    parent |= {"group_leader": parent, "real_parent": parent, "parent": parent}
    ids: dict[str, Value] = {"uid": {"val": task.uid}, "gid": {"val": task.gid}}
    cred: dict[str, Value] = {**ids, **{f"e{name}": value for name, value in ids.items()}}
    values = _thread(task.pid, task.tid, task.comm)
    leader = values
    if task.pid != task.tid:
        leader = _thread(task.pid, task.pid, task.comm)
        leader |= {"group_leader": leader, "real_parent": parent, "parent": parent}
    values |= {"group_leader": leader, "real_parent": parent, "parent": parent}
    values |= {"cred": cred, "real_cred": cred, **task.more}
    return values


def _thread(pid: int, tid: int, comm: str) -> dict[str, Value]:
    return {"tgid": pid, "pid": tid, "comm": comm}
