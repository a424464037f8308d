from kring import Array, tracepoint, u64
a_name_of_some_length = Array[u64](1)
a_name_of_some_other = Array[u64](1)


@tracepoint("sched:sched_process_exec")
def on_exec() -> None:
    a_name_of_some_length[0] = 1
    a_name_of_some_other[0] = 2
