from kring import bpf_iter_meta, iterator, task_struct


@iterator("task")
def tasks(meta: bpf_iter_meta, task: task_struct) -> None:
    pass
