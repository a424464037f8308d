from kring import current, tracepoint


@tracepoint("sched:sched_process_exec")
def on_exec() -> None:
    a = current.pid / 1
    b = current.pid / 2
    c = current.pid / 3
    d = current.pid / 4
    e = current.pid / 5
    f = current.pid / 6
    g = current.pid / 7
    h = current.pid / 8
    i = current.pid / 9
    j = current.pid / 10
    k = current.pid / 11
    l = current.pid / 12
