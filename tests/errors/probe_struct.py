from kring import task_struct, uprobe


@uprobe("libc.so.6", "malloc")
def on_malloc(task: task_struct) -> None:
    pass
