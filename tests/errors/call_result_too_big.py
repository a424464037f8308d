from kring import tracepoint, u8


def answer() -> u8:
    return 420


@tracepoint("sched:sched_process_exec")
def on_exec() -> None:
    x = answer()
