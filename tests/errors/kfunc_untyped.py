from kring import kfunc


@kfunc
def bpf_task_from_pid(pid) -> None: ...
