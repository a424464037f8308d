"""Arrays and strings in packets: read at any index, written at constant ones, compared, copied."""
# run: arrays(data=b"abcdef" + b"abcdeg" + b"\x08\x00" + b"\x01\x02\x03\x04\x05\x06" + b"HTTP") -> out=[0, 1, 0x66, 0x63, 21, 1, 0x0304, 1, 1, 0], seen={Mac(a=b"abcdeg"): 1}, value=2, data=b"abcdeg" + b"Abcdeg" + b"\x08\x00" + b"\x12\x34\x03\x04\x05\x06" + b"HTTP"
# run: names(data=b"abcdef" + b"abcdeg" + b"\x08\x00" + b"\x01\x02\x03\x04\x05\x06" + b"HTTP") -> out=[1, 1, 0, 1, 0, 1], texts=[Text(s="HTTP", t="HTT")]
# run: names(data=b"abcdef" + b"abcdeg" + b"\x08\x00" + b"\x01\x02\x03\x04\x05\x06" + b"H\0xy") -> out=[0, 0, 1, 1, 0, 0], texts=[Text(s="H", t="H")]
from kring import (
    Array,
    Hash,
    Struct,
    Xdp,
    XdpAction,
    array,
    be16,
    char,
    i64,
    u64,
    xdp,
)


class Header(Struct):
    dst: bytearray = array(6)
    src: bytearray = array(6)
    kind: be16
    words: list[int] = array(3, be16)
    magic: str = char(4)


class Mac(Struct):
    a: bytes = array(6)


class Text(Struct):
    s: str = char(8)
    t: str = char(4)


out = Array[i64](10)
seen = Hash[Mac, u64](max_entries=4)
texts = Array[Text](1)


@xdp
def arrays(ctx: Xdp) -> XdpAction:
    if (h := ctx.packet.read(Header)) is None:
        return XdpAction.ABORTED
    out[0] = h.dst == h.src
    out[1] = h.dst == b"abcdef"
    out[2] = h.dst[5]
    out[3] = h.src[h.kind % 6]
    total = 0
    for x in h.dst:
        total += x - 0x60
    out[4] = total
    out[5] = h.dst != h.src and h.dst[0] == h.src[0]
    out[6] = h.words[1]
    seen[Mac(a=h.src)] += 1
    src = h.src
    mac = Mac(a=src)
    out[7] = mac.a == src
    out[8] = mac.a == b"abcdeg"
    h.dst = h.src
    h.src[0] = 0x41
    h.words[0] = 0x1234
    out[9] = mac.a == src
    return XdpAction.PASS


@xdp
def names(ctx: Xdp) -> XdpAction:
    if (h := ctx.packet.read(Header)) is None:
        return XdpAction.ABORTED
    t = texts[0]
    out[0] = h.magic == "HTTP"
    out[1] = h.magic.startswith("HTT")
    out[2] = h.magic == "H"
    name = h.magic
    out[3] = name == h.magic
    out[4] = name == "HTTPS"
    out[5] = name == "HTTP"
    t.s = h.magic
    t.t = h.magic
    return XdpAction.PASS
