"""Programs connected to running code: tracepoints, probes in kernel and user space, samples.

All are perf events with a program on them. Numbers of perf event sources are read from sysfs.
"""

from __future__ import annotations

import os
import re
import struct
from errno import EACCES, EINVAL, ENOENT, EOPNOTSUPP, EPERM
from typing import TYPE_CHECKING

from kring.abi.uapi import AttachType
from kring.errors import AttachError, NotSupported
from kring.record import replace
from kring.run.kernel import syscall
from kring.run.kernel.cpus import online_cpus
from kring.run.kernel.privilege import PERFMON, not_permitted
from kring.run.kernel.syscall import address, bpf_open, buffer, error_name

if TYPE_CHECKING:
    from kring.run.kernel.attach import Request

_IOC_ENABLE = 0x2400
_IOC_SET_BPF = 0x4004_2408
SOURCES = "/sys/bus/event_source/devices"

_SOFTWARE = {
    "cpu-clock": 0,
    "task-clock": 1,
    "page-faults": 2,
    "context-switches": 3,
    "cpu-migrations": 4,
    "minor-faults": 5,
    "major-faults": 6,
    "alignment-faults": 7,
    "emulation-faults": 8,
    "bpf-output": 10,
    "cgroup-switches": 11,
}
"""enum perf_sw_ids, as perf(1) spells them."""
_SYSCALLS = {"x86_64": "__x64_sys_"}
"""What the kernel puts before a system call's name to name its function."""
_BY_FREQUENCY = 1 << 10
"""The bit `freq` of struct perf_event_attr."""


def tracepoint(request: Request) -> None:
    """A perf event for the tracepoint, and the program in its list of handlers."""
    id = request.around.tracefs.event_id(request.target)
    connect(request, open_event(request, syscall.PERF_TYPE_TRACEPOINT, id))


def kprobe(request: Request) -> None:
    """A probe of the program's own at a kernel function, or at its return."""
    check_kprobes(request)
    try:
        symbol, offset = _split(request.target)
    except AttachError as error:
        raise no_file(request, error) from None
    name = buffer(symbol.encode() + b"\0")
    try:
        event = open_event(request, *source(request, "kprobe"), address(name), offset)
    except OSError as error:
        if error.errno not in (ENOENT, EINVAL):
            raise
        raise AttachError(
            f"{error_name(error.errno)}: {request.what()}: there is no such kernel function that"
            " can be probed; /proc/kallsyms lists them",
            error.errno,
        ) from None
    connect(request, event)


def check_kprobes(request: Request) -> None:
    """Nothing, if this kernel has kprobes."""
    if not os.path.exists(f"{SOURCES}/kprobe"):
        raise NotSupported(
            f"{request.what()}: this kernel has no kprobes (CONFIG_KPROBES);"
            " fentry programs and tracepoints need none"
        )


def ksyscall(request: Request) -> None:
    """A probe at the kernel function of a system call, or at its return."""
    machine = os.uname().machine
    kprobe(replace(request, target=f"{_SYSCALLS[machine]}{request.target}"))


def uprobe(request: Request) -> None:
    """A probe at a function of a file, or at its return, in one process or in all."""
    from kring.run.kernel.binaries import find_file, offset_of

    given, _, symbol = request.target.rpartition(":")
    try:
        path = find_file(given)
        offset = offset_of(path, *_split(symbol))
    except AttachError as error:
        raise no_file(request, error) from None
    name = buffer(path.encode() + b"\0")
    connect(request, open_event(request, *source(request, "uprobe"), address(name), offset))


def no_file(request: Request, error: AttachError) -> AttachError:
    """The error about a file or a function in it, with what wanted it."""
    return AttachError(f"{request.what()}: {error}", error.errno or 0)


def perf_event(request: Request) -> None:
    """A sampled event on each CPU that is online."""
    event, often = _sampled(request)
    if event not in _SOFTWARE:
        raise AttachError(
            f"{request.what()}: programs sample the kernel's software events:"
            f" {', '.join(sorted(_SOFTWARE))}"
        )
    flags = _BY_FREQUENCY if often.endswith("Hz") else 0
    sample = int(often.removesuffix("Hz"))
    for cpu in online_cpus():
        fd = open_event(
            request, syscall.PERF_TYPE_SOFTWARE, _SOFTWARE[event],
            sample=sample, flags=flags, cpu=cpu,
        )  # fmt: skip
        connect(request, fd)


def _sampled(request: Request) -> tuple[str, str]:
    """The event, and how often: `99Hz`, or once in `100`. The section says both, or `attach`."""
    hook = request.hook
    event, _, often = request.target.rpartition(":")
    if hook.frequency or hook.period:
        event, often = event or often or "cpu-clock", str(hook.period or f"{hook.frequency}Hz")
    if not re.fullmatch(r"[1-9]\d{0,17}(Hz)?", often):
        raise AttachError(
            f"{request.what()}: say how often: `attach(frequency=99)`, or"
            ' `attach(target="page-faults", period=100)`'
        )
    return event, often


def open_event(
    request: Request,
    type: int,
    config: int,
    config1: int = 0,
    config2: int = 0,
    *,
    sample: int = 0,
    flags: int = 0,
    cpu: int | None = None,
) -> int:
    """The event, for one process on any CPU, or for all on one."""
    pid = request.hook.pid
    if cpu is None:
        cpu = 0 if pid is None else -1
    try:
        return syscall.perf_event_open(
            request.fds, type, config, config1, config2, sample, flags,
            -1 if pid is None else pid, cpu,
        )  # fmt: skip
    except OSError as error:
        if error.errno not in (EACCES, EPERM):
            raise
        raise not_permitted(request.what(), (PERFMON,), error.errno) from None


def connect(request: Request, event: int, cookie: int = 0) -> None:
    """Let the event run the program, which can ask for the cookie."""
    try:
        # Since: Linux 5.15, commit b89fbfbb854c ("bpf: Implement minimal BPF perf link").
        attr = struct.pack("<4IQ", request.program.fd, event, AttachType.PERF_EVENT, 0, cookie)
        bpf_open(request.fds, syscall.LINK_CREATE, attr)
    except OSError as error:
        if error.errno != EINVAL or cookie:
            raise
        from fcntl import ioctl

        ioctl(event, _IOC_SET_BPF, request.program.fd)
        ioctl(event, _IOC_ENABLE, 0)


def source(request: Request, name: str) -> tuple[int, int]:
    """Type and config of a probe: the source's number, and the bit that means a function's
    return."""
    try:
        with open(f"{SOURCES}/{name}/type") as file:
            type = int(file.read())
    except FileNotFoundError:
        raise NotSupported(f"{request.what()}: this kernel has no {name}s", EOPNOTSUPP) from None
    if not request.program.kind.returns:
        return type, 0
    with open(f"{SOURCES}/{name}/format/retprobe") as file:
        return type, 1 << int(file.read().strip().removeprefix("config:"))


def _split(target: str) -> tuple[str, int]:
    """Name and distance of `name+0x10`."""
    name, plus, distance = target.partition("+")
    try:
        return name, int(distance, 0) if plus else 0
    except ValueError:
        raise AttachError(
            f"{distance!r} in {target!r} is no number of bytes, as in {name}+0x10"
        ) from None
