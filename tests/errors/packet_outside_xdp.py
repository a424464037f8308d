from kring import Struct, Xdp, be16, tracepoint
class Udp(Struct):
    sport: be16


@tracepoint("sched:sched_process_exec")
def program(ctx: Xdp) -> None:
    ctx.packet.read(Udp)
