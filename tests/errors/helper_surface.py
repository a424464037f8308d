from kring import RingBuf, Struct, helpers, syscall, u64


class Event(Struct):
    a: u64


events = RingBuf[Event](4096)


@syscall
def send() -> int:
    helpers.ringbuf_reserve(events, 8, 0)
    return 0
