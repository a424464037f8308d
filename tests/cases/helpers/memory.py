"""Helpers that read and fill memory of the program."""

# engines: vm kernel

from kring import Array, Global, Struct, XdpAction, char, current, helpers, i64, sizeof, syscall, u32, u64, xdp


class Line(Struct):
    text: str = char(16)


class Number(Struct):
    value: i64


class Words(Struct):
    a: u32
    b: u32


out = Array[u64](4)
lines = Array[Line](1)
left = Global[u32](0)
size = Global[u32](0)


# run: parse(lines=[Line(text="-1234 rest")]) -> out=[5, 2**64 - 1234], value=0
# run: parse(lines=[Line(text="0x10")]) -> out=[1, 0], value=0
# run: parse(lines=[Line(text="  77")]) -> out=[4, 77], value=0
# run: parse(lines=[Line(text="none")]) -> out=[2**64 - 22, 0], value=0
# run: parse(lines=[Line(text="-")]) -> out=[2**64 - 22, 0], value=0
@syscall
def parse() -> int:
    line = lines[0]
    if line is not None:
        number = Number(value=0)
        used = helpers.strtol(line.text, 16, 10, number)
        out[0] = used
        if used >= 0:
            out[1] = number.value
    return 0


# run: parse_any(lines=[Line(text="0x1Fz")]) -> out=[4, 31], value=0
# run: parse_any(lines=[Line(text="0755")]) -> out=[4, 493], value=0
# run: parse_any(lines=[Line(text="-1")]) -> out=[2**64 - 22, 0], value=0
@syscall
def parse_any() -> int:
    line = lines[0]
    if line is not None:
        number = Number(value=0)
        used = helpers.strtoul(line.text, 16, 0, number)
        out[0] = used
        if used >= 0:
            out[1] = number.value
    return 0


# run: literal() -> out=[3, 255], value=0
@syscall
def literal() -> int:
    number = Number(value=0)
    out[0] = helpers.strtol("255", 4, 10, number)
    out[1] = number.value
    return 0


# run: sums(left=0x01020304, data=bytes(64)) -> out=[0x0406, 0x0407, 0x0306, 0xFBF9], value=2
@xdp
def sums() -> XdpAction:
    words = Words(a=left.value, b=0xFFFF_0001)
    out[0] = helpers.csum_diff(None, 0, words, 4, 0)
    out[1] = helpers.csum_diff(None, 0, words, 8, 0)
    out[2] = helpers.csum_diff(None, 0, words, 3, 0)
    out[3] = helpers.csum_diff(words, 4, None, 0, 0)
    return XdpAction.PASS


# run: comm(size=4) -> lines=[Line(text=me.comm)], out=[0, 0], value=0
@syscall
def comm() -> int:
    line = Line(text="")
    out[0] = helpers.get_current_comm(line, sizeof(Line))
    lines_0 = lines[0]
    if lines_0 is not None:
        lines_0.text = line.text
    out[1] = helpers.get_current_comm(line.text, 1 + (size.value & 7))
    return 0


# run: probe() -> out=[0, 0, me.pid], value=0
@syscall
def probe() -> int:
    words = Words(a=1, b=2)
    task = current.task
    out[0] = helpers.probe_read_kernel(words, 4, helpers.get_current_task())
    out[1] = helpers.probe_read_kernel(words, size.value & 7, task)
    out[2] = helpers.get_current_task_btf().tgid
    return 0
