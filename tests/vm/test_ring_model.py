"""A long random life of one ring, in the VM and in the kernel: the memory stays the same."""

from __future__ import annotations

import struct
from collections.abc import Callable
from random import Random

import pytest

from kring.abi.asm import parse
from kring.abi.code import encode
from kring.abi.uapi import MapType
from kring.errors import NotPermitted
from kring.obj.object import Map, Object, Program
from kring.run.kernel.kernel import Kernel
from kring.run.target import RingMemory, Runtime, Target
from kring.run.vm.target import Vm

PAGE = 4096
RESERVED = (1, 8, 100, 1500)

OUTPUT = """
    ldxdw r3, [r1]
    jgt r3, 256, skip
    ldxdw r4, [r1+8]
    lddw r2, {data}
    lddw r1, {ring}
    call 130
    exit
    skip:
    mov r0, -1
    exit
"""
RESERVE = """
    mov r6, r1
    lddw r1, {ring}
    mov r2, %d
    mov r3, 0
    call 131
    jeq r0, 0, full
    ldxb r1, [r6]
    stxb [r0+%d], r1
    mov r1, r0
    ldxdw r2, [r6+8]
    call %d
    full:
    mov r0, 0
    exit
"""


class Life:
    """One ring on one engine, and a program for each thing that can happen to it."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime
        live = runtime.create_map(Map("ring", MapType.RINGBUF, max_entries=PAGE))
        self.memory: RingMemory = live.ring()
        self._data = runtime.create_map(Map("data", MapType.ARRAY, 4, 256, 1))
        self._names = {"ring": f"map_fd({live.fd})", "data": f"map_value({self._data.fd})"}
        self._output = self._program(OUTPUT)
        self._reserve = {
            (size, end): self._program(RESERVE % (size, size - 1, end))
            for size in RESERVED
            for end in (132, 133)
        }

    def _program(self, text: str) -> Callable[[bytes], int]:
        code = encode(parse(text.format(**self._names)))
        program = self.runtime.load(Program("life", "syscall", code), code)
        return lambda ctx: program.run(ctx=ctx).value

    def output(self, data: bytes, flags: int) -> int:
        self._data.update(bytes(4), data.ljust(256, b"\0"))
        return self._output(struct.pack("<QQ", len(data), flags))

    def reserve(self, size: int, end: int, byte: int, flags: int) -> int:
        return self._reserve[size, end](struct.pack("<QQ", byte, flags))

    def consume(self) -> None:
        """Give the first record back, if there is one."""
        at, end = self.memory.consumer[0], self.memory.producer[0]
        if at < end:
            (header,) = struct.unpack_from("<I", self.memory.data, at % PAGE)
            self.memory.consumer[0] = at + ((header & 0x3FFF_FFFF) + 8 + 7) // 8 * 8

    def state(self) -> tuple[int, int, bytes]:
        return self.memory.consumer[0], self.memory.producer[0], bytes(self.memory.data)


def life(target: Target) -> Life:
    return Life(target.open(Object("life", ())))


@pytest.mark.kernel
@pytest.mark.parametrize("seed", range(2))
def test_ring_lives_alike(seed: int) -> None:
    try:
        lives = life(Kernel()), life(Vm())
    except NotPermitted as error:
        pytest.skip(str(error))
    random = Random(seed)
    try:
        for step in range(300):
            flags = random.choice((0, 0, 1, 2))
            match random.randrange(3):
                case 0:
                    data = random.randbytes(random.randrange(1, 257))
                    results = [each.output(data, flags) for each in lives]
                case 1:
                    size, end = random.choice(RESERVED), random.choice((132, 133))
                    results = [each.reserve(size, end, step & 255, flags) for each in lives]
                case _:
                    results = [each.consume() for each in lives]
            assert results[0] == results[1], f"step {step}"
            assert lives[0].state() == lives[1].state(), f"step {step}"
        assert lives[0].memory.producer[0] > 4 * PAGE
    finally:
        for each in lives:
            each.runtime.close()
