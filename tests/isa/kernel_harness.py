"""Runs a case's program in the kernel: bpf(2) by ctypes, a map for its memory and its result.

Independent of the library's own loader, so that a fault there cannot hide one here.
"""

from __future__ import annotations

import ctypes
import errno
import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager

from kring.abi.asm import parse
from kring.abi.code import encode
from kring.abi.isa import OPS, Insn
from kring.record import replace

_SYS_BPF = 321
_MAP_CREATE, _MAP_LOOKUP, _MAP_UPDATE, _PROG_LOAD, _TEST_RUN = 0, 1, 2, 5, 10
_ARRAY, _XDP = 2, 6
_RESULT_SIZE = 8
_LOG_SIZE = 1 << 20

_libc = ctypes.CDLL(None, use_errno=True)


class Rejected(Exception):
    """The verifier's log."""


def _bpf(command: int, attr: bytes) -> int:
    buffer = ctypes.create_string_buffer(attr.ljust(128, b"\0"), 128)
    result = _libc.syscall(_SYS_BPF, command, buffer, 128)
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result


def run_in_kernel(insns: list[Insn], mem: bytes) -> int:
    """r0 of the program, with r1 pointing to a writable copy of `mem` and r2 its length.

    Raises: Rejected with the log; PermissionError if this process may not load programs.
    """
    size = _RESULT_SIZE + max(len(mem), 8)
    with _closing(_bpf(_MAP_CREATE, struct.pack("<5I", _ARRAY, 4, size, 1, 0))) as map_fd:
        _element(map_fd, _MAP_UPDATE, (bytes(_RESULT_SIZE) + mem).ljust(size, b"\0"))
        with _closing(_load(encode(harnessed(insns, map_fd, len(mem))))) as prog_fd:
            data = ctypes.create_string_buffer(64)
            address = ctypes.addressof(data)
            _bpf(_TEST_RUN, struct.pack("<4IQQ2I", prog_fd, 0, 64, 0, address, 0, 1, 0))
        value = _element(map_fd, _MAP_LOOKUP, bytes(size))
    return int.from_bytes(value[:_RESULT_SIZE], "little")


def harnessed(insns: list[Insn], map_fd: int, mem_size: int) -> list[Insn]:
    """The program with its arguments set before and its r0 stored after.

    The epilogue goes behind the main function, where its exits now lead; the functions it calls
    move on by the epilogue's length.
    """
    head = parse(f"lddw r1, map_value({map_fd}, {_RESULT_SIZE})\nmov r2, {mem_size}")
    tail = parse(f"lddw r1, map_value({map_fd})\nstxdw [r1], r0\nmov r0, 0\nexit")
    starts = _starts(insns)
    calls = [at + 1 + i.imm for at, i in zip(starts, insns, strict=True) if _is_call(i)]
    end = min([*calls, sum(i.slots for i in insns)])
    main: list[Insn] = []
    for at, insn in zip(starts, insns, strict=True):
        if at >= end:
            break
        if insn.op.name == "exit":
            insn = Insn(OPS["ja"], off=end - at - 1)
        elif _is_call(insn):
            insn = replace(insn, imm=insn.imm + sum(i.slots for i in tail))
        main.append(insn)
    return [*head, *main, *tail, *insns[len(main) :]]


def _is_call(insn: Insn) -> bool:
    return insn.op.name == "call_local"


def _starts(insns: list[Insn]) -> list[int]:
    starts, at = [], 0
    for insn in insns:
        starts.append(at)
        at += insn.slots
    return starts


def load_raw(code: bytes) -> None:
    """Nothing, if the kernel accepts these slots as a program.

    Raises: Rejected with the log.
    """
    with _closing(_load(code)):
        pass


def _load(code: bytes) -> int:
    buffer, license_ = ctypes.create_string_buffer(code, len(code)), ctypes.c_char_p(b"GPL")
    log = ctypes.create_string_buffer(_LOG_SIZE)
    where = ctypes.addressof(buffer), ctypes.cast(license_, ctypes.c_void_p).value
    attr = struct.pack("<2I2Q", _XDP, len(code) // 8, *where)
    try:
        return _bpf(_PROG_LOAD, attr)
    except OSError as error:
        if error.errno == errno.EPERM:
            raise
    try:
        return _bpf(_PROG_LOAD, attr + struct.pack("<2IQ", 1, _LOG_SIZE, ctypes.addressof(log)))
    except OSError as error:
        raise Rejected(f"{error}\n{log.value.decode()}") from None


def _element(map_fd: int, command: int, value: bytes) -> bytes:
    """The map's only value after the command."""
    key, buffer = ctypes.create_string_buffer(4), ctypes.create_string_buffer(value, len(value))
    where = ctypes.addressof(key), ctypes.addressof(buffer)
    _bpf(command, struct.pack("<I4xQQQ", map_fd, *where, 0))
    return buffer.raw


@contextmanager
def _closing(fd: int) -> Iterator[int]:
    try:
        yield fd
    finally:
        os.close(fd)
