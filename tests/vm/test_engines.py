"""The VM and the kernel do the same: one program, run on each, with equal results and memory."""

from __future__ import annotations

import errno
import struct
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from kring.abi.asm import parse
from kring.abi.code import encode
from kring.abi.uapi import BPF_F_NO_PREALLOC, MapType
from kring.errors import LoadError, NotPermitted
from kring.obj.object import Map, Object, Program
from kring.run.kernel.kernel import Kernel
from kring.run.target import LiveMap, RingMemory, Runtime
from kring.run.vm.target import Vm

PAGE = 4096


@dataclass
class Engine:
    """A runtime of one engine; programs name their maps as {name}."""

    runtime: Runtime
    maps: dict[str, LiveMap]

    def create(self, name: str, kind: MapType, key: int = 0, value: int = 0, most: int = 0) -> None:
        self.maps[name] = self.runtime.create_map(Map(name, kind, key, value, most))

    def run(self, text: str, ctx: bytes = bytes(64), section: str = "syscall") -> bytes:
        """The 64 bytes of context after the run; r6 points to them."""
        fds = {name: f"map_fd({live.fd})" for name, live in self.maps.items()}
        code = encode(parse("mov r6, r1\n" + text.format(**fds) + "\nmov r0, 0\nexit"))
        return self.runtime.load(Program("test", section, code), code).run(ctx=ctx).ctx

    def result(self, text: str) -> int:
        """r0 after the text, signed."""
        (value,) = struct.unpack_from("<q", self.run(text + "\nstxdw [r6], r0"))
        return value

    def ring(self, name: str) -> RingMemory:
        return self.maps[name].ring()


@pytest.fixture(params=["vm", pytest.param("kernel", marks=pytest.mark.kernel)])
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    target = Vm() if request.param == "vm" else Kernel()
    runtime = target.open(Object("test", ()))
    try:
        runtime.create_map(Map("probe", MapType.ARRAY, 4, 8, 1))
        code = encode(parse("mov r0, 0\nexit"))
        runtime.load(Program("probe", "raw_tp/sys_enter", code), code)
    except NotPermitted as error:
        runtime.close()
        pytest.skip(str(error))
    yield Engine(runtime, {})
    runtime.close()


def on_stack(key: int, value: int = 0) -> str:
    """A 4-byte key at r10-4, an 8-byte value at r10-16."""
    return f"stw [r10-4], {key}\nmov r7, {value}\nstxdw [r10-16], r7\n"


LOOKUP = "lddw r1, {m}\nmov r2, r10\nadd r2, -4\ncall 1\n"
UPDATE = "lddw r1, {m}\nmov r2, r10\nadd r2, -4\nmov r3, r10\nadd r3, -16\nmov r4, %d\ncall 2\n"
DELETE = "lddw r1, {m}\nmov r2, r10\nadd r2, -4\ncall 3\n"
LOAD = "jeq r0, 0, absent\nldxdw r0, [r0]\nabsent:"

HASHES = [MapType.HASH, MapType.LRU_HASH, MapType.PERCPU_HASH]
ARRAYS = [MapType.ARRAY, MapType.PERCPU_ARRAY]


def update(key: int, value: int, flags: int = 0) -> str:
    return on_stack(key, value) + UPDATE % flags


@pytest.mark.parametrize("kind", HASHES)
def test_hash_from_a_program(engine: Engine, kind: MapType) -> None:
    engine.create("m", kind, 4, 8, 100)
    assert engine.result(on_stack(1) + LOOKUP) == 0
    assert engine.result(update(1, 11)) == 0
    assert engine.result(on_stack(1) + LOOKUP + LOAD) == 11
    assert engine.result(update(1, 12, flags=1)) == -errno.EEXIST
    assert engine.result(update(2, 12, flags=2)) == -errno.ENOENT
    assert engine.result(update(2, 12, flags=8)) == -errno.EINVAL
    assert engine.result(update(1, 13, flags=2)) == 0
    assert engine.result(on_stack(1) + LOOKUP + LOAD) == 13
    assert engine.result(on_stack(1) + DELETE) == 0
    assert engine.result(on_stack(1) + DELETE) == -errno.ENOENT
    assert list(engine.maps["m"].keys()) == []


@pytest.mark.parametrize("kind", ARRAYS)
def test_array_from_a_program(engine: Engine, kind: MapType) -> None:
    engine.create("m", kind, 4, 8, 3)
    assert engine.result(on_stack(2) + LOOKUP + LOAD) == 0
    assert engine.result(update(2, 22)) == 0
    assert engine.result(on_stack(2) + LOOKUP + LOAD) == 22
    assert engine.result(on_stack(3) + LOOKUP) == 0
    assert engine.result(update(3, 1)) == -errno.E2BIG
    assert engine.result(update(1, 1, flags=1)) == -errno.EEXIST
    assert engine.result(on_stack(1) + DELETE) == -errno.EINVAL


def test_full_hash(engine: Engine) -> None:
    engine.create("m", MapType.HASH, 4, 8, 2)
    assert [engine.result(update(key, key)) for key in (1, 2, 3)] == [0, 0, -errno.E2BIG]
    assert engine.result(update(2, 7)) == 0


def test_store_through_a_pointer(engine: Engine) -> None:
    engine.create("m", MapType.HASH, 4, 8, 2)
    engine.result(update(1, 40))
    add = "jeq r0, 0, absent\nmov r1, 2\nlock add [r0], r1\nabsent:"
    engine.run(on_stack(1) + LOOKUP + add)
    assert engine.maps["m"].lookup(struct.pack("<I", 1)) == struct.pack("<Q", 42)


def test_pointer_to_a_replaced_value_keeps_the_old(engine: Engine) -> None:
    engine.create("m", MapType.HASH, 4, 8, 5)
    engine.result(update(1, 10))
    keep = "jeq r0, 0, absent\nmov r8, r0\n" + update(1, 20) + "\nldxdw r0, [r8]\nabsent:"
    assert engine.result(on_stack(1) + LOOKUP + keep) == 10
    assert engine.result(on_stack(1) + LOOKUP + LOAD) == 20


def test_user_half_of_a_hash(engine: Engine) -> None:
    engine.create("m", MapType.HASH, 4, 8, 2)
    live = engine.maps["m"]
    one, two, three = (struct.pack("<I", n) for n in (1, 2, 3))
    assert live.lookup(one) is None
    assert live.update(one, b"12345678")
    assert not live.update(one, b"abcdefgh", 1)
    assert not live.update(two, b"abcdefgh", 2)
    assert live.update(two, b"abcdefgh")
    assert not live.update(three, b"abcdefgh")
    assert live.lookup(one) == b"12345678"
    assert sorted(live.keys()) == [one, two]
    assert live.delete(one)
    assert not live.delete(one)
    with pytest.raises(ValueError, match="a key is 4 bytes, got 3"):
        live.lookup(b"123")
    with pytest.raises(ValueError, match="a value is 8 bytes, got 1"):
        live.update(one, b"1")


def test_longest_prefix(engine: Engine) -> None:
    spec = Map("t", MapType.LPM_TRIE, 8, 8, 4, flags=BPF_F_NO_PREALLOC)
    live = engine.maps["t"] = engine.runtime.create_map(spec)

    def key(bits: int, *address: int) -> bytes:
        return struct.pack("<I4B", bits, *address)

    for prefix in (key(8, 10, 0, 0, 0), key(16, 10, 1, 0, 0), key(24, 10, 1, 2, 9)):
        assert live.update(prefix, prefix)
    assert live.update(key(16, 10, 1, 7, 7), bytes(8))
    assert not live.update(key(16, 10, 1, 7, 7), bytes(8), 1)
    assert not live.update(key(30, 1, 1, 1, 1), bytes(8), 2)
    assert live.lookup(key(32, 10, 1, 2, 3)) == key(24, 10, 1, 2, 9)
    assert live.lookup(key(32, 10, 1, 3, 3)) == bytes(8)
    assert live.lookup(key(9, 10, 0, 0, 0)) == key(8, 10, 0, 0, 0)
    assert live.lookup(key(7, 10, 0, 0, 0)) is None
    assert live.lookup(key(32, 11, 0, 0, 0)) is None
    assert live.lookup(key(33, 10, 0, 0, 0)) is None
    assert sorted(live.keys())[1] == key(16, 10, 1, 7, 7)
    assert not live.delete(key(17, 10, 1, 0, 0))
    assert live.delete(key(16, 10, 1, 0, 0))
    assert live.lookup(key(32, 10, 1, 3, 3)) == key(8, 10, 0, 0, 0)
    assert live.update(key(0, 0, 0, 0, 0), bytes(8))
    assert live.update(key(1, 0, 0, 0, 0), bytes(8))
    assert not live.update(key(2, 0, 0, 0, 0), bytes(8))
    with pytest.raises(LoadError) as caught:
        live.update(key(33, 0, 0, 0, 0), bytes(8))
    assert caught.value.errno == errno.EINVAL


def test_user_half_of_a_per_cpu_array(engine: Engine) -> None:
    engine.create("m", MapType.PERCPU_ARRAY, 4, 4, 1)
    live = engine.maps["m"]
    zero = bytes(4)
    value = live.lookup(zero)
    assert value is not None
    assert len(value) % 8 == 0
    new = b"".join(struct.pack("<II", cpu + 1, 0) for cpu in range(len(value) // 8))
    assert live.update(zero, new)
    assert live.lookup(zero) == new
    read = "jeq r0, 0, absent\nldxw r0, [r0]\nmov r7, r0\ncall 8\nsub r7, r0\nmov r0, r7\nabsent:"
    assert engine.result(on_stack(0) + LOOKUP + read) == 1


OUTPUT = "lddw r1, {r}\nmov r2, r10\nadd r2, -%d\nmov r3, %d\nmov r4, %d\ncall 130\n"
FILL = "".join(f"stdw [r10-{at}], {at * 3}\n" for at in range(8, 65, 8))


def output(size: int, flags: int = 0) -> str:
    return FILL + OUTPUT % (64, size, flags)


def reserve(size: int, end: str, byte: int = 0x41) -> str:
    """Reserve, write the first byte, end; r0 tells whether there was room."""
    return (
        f"lddw r1, {{r}}\nmov r2, {size}\nmov r3, 0\ncall 131\njeq r0, 0, full\n"
        f"stb [r0], {byte}\nmov r1, r0\nmov r2, 0\ncall {end}\nmov r0, 1\nfull:"
    )


SUBMIT, DISCARD = "132", "133"


def snapshot(memory: RingMemory) -> tuple[int, int, bytes]:
    """Positions, and the bytes between them."""
    begin, end = memory.consumer[0], memory.producer[0]
    at = begin % memory.size
    return begin, end, bytes(memory.data[at : at + end - begin])


def test_ring_takes_255_records_of_16_bytes_in_a_page(engine: Engine) -> None:
    engine.create("r", MapType.RINGBUF, most=PAGE)
    loop = (
        "mov r8, 0\nagain:\n"
        + output(8)
        + "jne r0, 0, full\nadd r8, 1\njlt r8, 300, again\nfull:\nstxdw [r6+8], r8\nstxdw [r6], r0"
    )
    result, count = struct.unpack_from("<qQ", engine.run(loop))
    assert (result, count) == (-errno.EAGAIN, 255)
    assert engine.result(reserve(8, SUBMIT)) == 0


def test_ring_memory_is_the_kernels(engine: Engine) -> None:
    engine.create("r", MapType.RINGBUF, most=PAGE)
    assert engine.result(output(5)) == 0
    assert engine.result(reserve(17, SUBMIT)) == 1
    assert engine.result(reserve(3, DISCARD)) == 1
    assert engine.result(output(64)) == 0
    memory = engine.ring("r")
    stack = b"".join(struct.pack("<Q", at * 3) for at in range(64, 7, -8))
    page = struct.pack("<I", 3)
    begin, end, data = snapshot(memory)
    assert (begin, end) == (0, 16 + 32 + 16 + 72)
    assert data[:16] == struct.pack("<I", 5) + page + stack[:5] + bytes(3)
    assert data[16:48] == struct.pack("<I", 17) + page + b"A" + bytes(23)
    assert data[48:64] == struct.pack("<I", 3 | 1 << 30) + page + b"A" + bytes(7)
    assert data[64:] == struct.pack("<I", 64) + page + stack
    assert memory.data[:PAGE] == memory.data[PAGE:]


def test_ring_record_across_the_end(engine: Engine) -> None:
    engine.create("r", MapType.RINGBUF, most=2 * PAGE)
    memory = engine.ring("r")
    for _ in range(120):
        assert engine.result(output(60)) == 0
        memory.consumer[0] = memory.producer[0]
    begin, end, data = snapshot(memory)
    assert begin == end == 120 * 72
    at = 113 * 72 % memory.size
    assert at + 72 > memory.size
    header, page = struct.unpack_from("<II", memory.data, at)
    assert (header, page) == (60, at // PAGE + 3)
    assert data == b""
    assert struct.unpack_from("<Q", memory.data, at + 8) == (64 * 3,)


def test_ring_limits(engine: Engine) -> None:
    engine.create("r", MapType.RINGBUF, most=PAGE)
    assert engine.result(reserve(PAGE - 8, SUBMIT)) == 0
    assert engine.result(reserve(PAGE - 16, SUBMIT)) == 1
    engine.ring("r").consumer[0] = engine.ring("r").producer[0]
    assert engine.result(output(8, flags=4)) == -errno.EINVAL
    query = "".join(
        f"lddw r1, {{r}}\nmov r2, {what}\ncall 134\nstxdw [r6+{8 * what}], r0\n"
        for what in range(5)
    )
    assert engine.result(output(8)) == 0
    base = PAGE - 8
    assert struct.unpack_from("<5Q", engine.run(query)) == (16, PAGE, base, base + 16, 0)


def test_ring_waiter(engine: Engine) -> None:
    from kring.run.target import Wait

    engine.create("r", MapType.RINGBUF, most=PAGE)
    waiter = engine.runtime.waiter([engine.maps["r"]])
    assert waiter.wait(0) is Wait.TIMEOUT
    assert waiter.wait(0.01) is Wait.TIMEOUT
    engine.run(output(8, flags=1))
    assert waiter.wait(1) is Wait.READY
    memory = engine.ring("r")
    memory.consumer[0] = memory.producer[0]
    assert waiter.wait(0) is Wait.TIMEOUT
    waiter.wake()
    assert waiter.wait(1) is Wait.READY
    waiter.close()
    assert waiter.wait(1) is Wait.CLOSED


PROBE = "stdw [r10-8], -1\nmov r1, r10\nadd r1, -8\nmov r2, 8\n%s\ncall %d\n"
BOTH = "stxdw [r6], r0\nldxdw r1, [r10-8]\nstxdw [r6+8], r1"


NULL = "mov r3, 0"
NON_CANONICAL = "lddw r3, 0x8000000000000000"
UNMAPPED = "lddw r3, 0xffffbfffffffffff"


@pytest.mark.parametrize(
    ("helper", "address", "error"),
    [
        (112, NULL, errno.EFAULT),
        (114, NULL, errno.EFAULT),
        (113, NULL, errno.ERANGE),
        (115, NULL, errno.ERANGE),
        (113, NON_CANONICAL, errno.ERANGE),
        (113, UNMAPPED, errno.EFAULT),
        (115, UNMAPPED, errno.EFAULT),
        (112, UNMAPPED, errno.EFAULT),
    ],
)
def test_failed_probe_zeroes(engine: Engine, helper: int, address: str, error: int) -> None:
    out = engine.run(PROBE % (address, helper) + BOTH)
    assert struct.unpack_from("<qQ", out) == (-error, 0)


@pytest.mark.parametrize(("address", "error"), [(NULL, errno.EFAULT), (UNMAPPED, errno.EFAULT)])
@pytest.mark.parametrize("helper", [4, 45])
def test_old_probe_helpers(engine: Engine, helper: int, address: str, error: int) -> None:
    text = PROBE % (address, helper) + "stxdw [r10-16], r0\nldxdw r0, [r10-8]\n"
    code = encode(parse(text + "ldxdw r1, [r10-16]\nor r0, r1\nexit"))
    program = engine.runtime.load(Program("probe", "raw_tp/sys_enter", code), code)
    assert program.run(ctx=bytes(16)).value == -error & 0xFFFFFFFF


def test_probe_of_kernel_memory(engine: Engine) -> None:
    text = "stw [r10-16], 0x00636261\nmov r3, r10\nadd r3, -16"
    out = engine.run(PROBE % (text, 115) + BOTH)
    assert struct.unpack_from("<qQ", out) == (4, 0xFFFFFFFF00636261)
    text = "stdw [r10-16], 0x61616161\nmov r3, r10\nadd r3, -16\nmov r2, 3"
    out = engine.run(PROBE % (text, 115) + BOTH)
    assert struct.unpack_from("<qQ", out) == (3, 0xFFFFFFFFFF006161)
    out = engine.run(PROBE % (text, 113) + BOTH)
    assert struct.unpack_from("<qQ", out) == (0, 0xFFFFFFFFFF616161)
    out = engine.run(PROBE % (text, 112) + BOTH)
    assert struct.unpack_from("<qQ", out) == (-errno.EFAULT, 0xFFFFFFFFFF000000)


def test_comm_is_padded(engine: Engine) -> None:
    text = (
        "stdw [r10-8], -1\nstdw [r10-16], -1\nmov r1, r10\nadd r1, -16\nmov r2, 16\ncall 16\n"
        "stxdw [r6], r0\nldxdw r1, [r10-16]\nstxdw [r6+8], r1\nldxdw r1, [r10-8]\n"
        "stxdw [r6+16], r1"
    )
    out = engine.run(text)
    comm = out[8:24]
    assert out[:8] == bytes(8)
    assert comm[-1] == 0
    assert comm.rstrip(b"\0").count(b"\0") == 0


@pytest.mark.parametrize(
    ("format", "result"),
    [(b"%d %x%%\0", 8), (b"%u%y\0", -errno.EINVAL), (b"%5d|%lld\0", 11), (b"plain", -errno.EINVAL)],
)
def test_printk_result(engine: Engine, format: bytes, result: int) -> None:
    """The number of characters written, of -1 and 65535."""
    stack = "".join(
        f"lddw r1, {word:#x}\nstxdw [r10-{32 - 8 * at}], r1\n"
        for at, word in enumerate(struct.unpack("<4Q", format.ljust(32, b"\0")))
    )
    call = f"mov r1, r10\nadd r1, -32\nmov r2, {len(format)}\nmov r3, -1\nmov r4, 65535\nmov r5, 0"
    text = stack + call + "\ncall 6\nexit"
    code = encode(parse(text))
    program = engine.runtime.load(Program("print", "raw_tp/sys_enter", code), code)
    assert program.run(ctx=bytes(16)).value == result & 0xFFFFFFFF


def test_clocks_go_on(engine: Engine) -> None:
    for helper in (5, 125, 118):
        text = f"call {helper}\nstxdw [r6], r0\ncall {helper}\nstxdw [r6+8], r0"
        first, second = struct.unpack_from("<QQ", engine.run(text))
        assert 0 < first <= second


def test_packet_of_xdp(engine: Engine) -> None:
    """Swap two bytes of the packet if it is long enough; return its length."""
    text = (
        "ldxw r2, [r1]\nldxw r3, [r1+4]\nmov r0, r3\nsub r0, r2\nmov r4, r2\nadd r4, 15\n"
        "jgt r4, r3, short\nldxb r5, [r2+13]\nldxb r6, [r2+14]\nstxb [r2+13], r6\n"
        "stxb [r2+14], r5\nexit\nshort:\nmov r0, 0\nexit"
    )
    code = encode(parse(text))
    program = engine.runtime.load(Program("swap", "xdp", code), code)
    packet = bytes(range(20))
    result = program.run(packet)
    assert result.value == 20
    assert result.data == packet[:13] + b"\x0e\x0d" + packet[15:]
    assert program.run(packet[:14]).value == 0


def test_socket_filter_sees_no_ethernet_header(engine: Engine) -> None:
    code = encode(parse("ldxw r0, [r1+0]\nldxw r2, [r1+16]\nlsh r2, 8\nor r0, r2\nexit"))
    program = engine.runtime.load(Program("len", "socket", code), code)
    packet = bytes(12) + b"\x08\x00" + bytes(20)
    assert program.run(packet).value == 20 | 0x0008 << 8


def test_raw_tracepoint_arguments(engine: Engine) -> None:
    code = encode(parse("ldxdw r0, [r1+8]\nexit"))
    program = engine.runtime.load(Program("arg", "raw_tp/sys_enter", code), code)
    assert program.run(ctx=struct.pack("<2Q", 1, 77)).value == 77
