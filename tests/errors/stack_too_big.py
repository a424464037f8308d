from kring import RingBuf, Struct, char, current, tracepoint
class Big(Struct):
    name: str = char(200)


bigs = RingBuf[Big](4096)


@tracepoint("sched:sched_process_exec")
def on_exec() -> None:
    a = Big(name="x")
    b = Big(name=current.comm)
    c = Big(name=current.comm)
    if current.pid:
        bigs.output(a)
    bigs.output(b)
    bigs.output(c)
