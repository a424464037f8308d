from kring import Array, bpf_iter_meta, iterator, task_struct, u64

out = Array[u64](1)


@iterator("task")
def tasks(meta: bpf_iter_meta, task: task_struct | None) -> None:
    out[0] = task.pid
