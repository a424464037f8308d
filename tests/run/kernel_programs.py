"""Small programs in assembler, and what the tests of the kernel room share."""

from __future__ import annotations

import gc
import os
import struct
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager

from kring.abi.asm import parse
from kring.abi.code import encode
from kring.abi.uapi import MapType
from kring.obj.object import Map, Object, Program
from kring.run.kernel.kernel import Kernel, KernelRuntime
from kring.run.kernel.programs import KernelProgram

RING = Map("events", MapType.RINGBUF, value_size=8, max_entries=4096)


def code(text: str) -> bytes:
    return encode(parse(text))


RETURN_7 = code("mov r0, 7\nexit")


def output(ring_fd: int, value: int = 42, flags: int = 0) -> bytes:
    """bpf_ringbuf_output of one u64, returning what it returned."""
    return code(
        f"""
        stdw [r10-8], {value}
        lddw r1, map_fd({ring_fd})
        mov r2, r10
        add r2, -8
        mov r3, 8
        mov r4, {flags}
        call 130
        exit
        """
    )


@contextmanager
def runtime(obj: Object | None = None) -> Generator[KernelRuntime]:
    opened = Kernel().open(obj or Object("test", ()))
    try:
        yield opened
    finally:
        opened.close()


def load(rt: KernelRuntime, section: str, code: bytes, name: str = "prog") -> KernelProgram:
    return rt.load(Program(name, section, code), code)


def open_before() -> set[str]:
    """What this process has open without what other tests left to the garbage collector, which is
    not to vanish in the middle."""
    gc.collect()
    return open_fds()


def open_fds() -> set[str]:
    """What this process has open: targets too, since numbers are used again."""
    found: set[str] = set()
    for fd in os.listdir("/proc/self/fd"):
        try:
            found.add(f"{fd} {os.readlink(f'/proc/self/fd/{fd}')}")
        except FileNotFoundError:
            continue
    return found


def u32(n: int) -> bytes:
    return struct.pack("<I", n)


def u64(n: int) -> bytes:
    return struct.pack("<Q", n)


def in_child(script: str, *, capabilities: int | None = None, seccomp: bool = False) -> str:
    """The output of a Python script run in a process of its own, with these privileges only.

    `capabilities` None keeps root, a mask makes it user 65534 with just those; `seccomp` forbids
    bpf(2) as a container's profile does.
    """
    prelude = "".join(
        [
            _HEAD,
            _FORBID_BPF if seccomp else "",
            "" if capabilities is None else f"become_nobody({capabilities})\n",
        ]
    )
    done = subprocess.run(
        [sys.executable, "-c", prelude + script],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=os.path.dirname(__file__),
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


_HEAD = """
import ctypes, os, struct, sys
libc = ctypes.CDLL(None, use_errno=True)
def check(result):
    if result < 0:
        raise OSError(ctypes.get_errno(), "prelude")
def become_nobody(mask):
    KEEPCAPS, CAPSET, VERSION_3 = 8, 126, 0x20080522
    check(libc.prctl(KEEPCAPS, 1, 0, 0, 0))
    os.setgroups([]); os.setgid(65534); os.setuid(65534)
    low, high = mask & 0xFFFFFFFF, mask >> 32
    data = struct.pack("<6I", low, low, 0, high, high, 0)
    check(libc.syscall(CAPSET, struct.pack("<Ii", VERSION_3, 0), data))
from kernel_programs import *
from kring.errors import *
def refusal(attempt):
    try:
        attempt()
    except KringError as error:
        print(type(error).__name__, isinstance(error, PermissionError), error.errno, error)
    else:
        print("nothing refused")
"""

_FORBID_BPF = """
BPF, ERRNO_EPERM, ALLOW = 321, 0x00050001, 0x7FFF0000
program = b"".join(struct.pack("<HBBI", *row) for row in (
    (0x20, 0, 0, 0), (0x15, 0, 1, BPF), (0x06, 0, 0, ERRNO_EPERM), (0x06, 0, 0, ALLOW)))
memory = ctypes.create_string_buffer(program)
filter = ctypes.create_string_buffer(struct.pack("<HxxxxxxQ", 4, ctypes.addressof(memory)))
check(libc.prctl(38, 1, 0, 0, 0))
check(libc.prctl(22, 2, filter, 0, 0))
"""
