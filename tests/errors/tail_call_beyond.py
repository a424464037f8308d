from kring import ProgArray, tracepoint

jumps = ProgArray(4)


@tracepoint("sched:sched_process_exec")
def on_exec() -> None:
    jumps.tail_call(4)
