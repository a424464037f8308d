# load
import kring
from kring import KernelStruct, current, i32, tracepoint


class signal_struct(KernelStruct):
    nr_thread: i32


class task_struct(kring.task_struct):
    signal: signal_struct


@tracepoint("sched:sched_process_exec")
def on_exec() -> int:
    return current.task.signal.nr_thread
