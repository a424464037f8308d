"""A record that one program writes on the stack and copies."""

# run: send() -> events=[Tick(cpu=0, number=7, mark=0x1122334455667788)], value=0
from kring import RingBuf, Struct, raw_tracepoint, u32, u64


class Tick(Struct):
    cpu: u32
    number: u32
    mark: u64


events = RingBuf[Tick](4096, count_drops=False)


@raw_tracepoint("sys_enter")
def send() -> None:
    events.output(Tick(cpu=0, number=7, mark=0x1122334455667788))
