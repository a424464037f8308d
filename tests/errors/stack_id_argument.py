from kring import StackTraces, tracepoint

stacks = StackTraces(64)


@tracepoint("sched:sched_process_exec")
def on_exec() -> None:
    stacks.id(uesr=True)
