"""What this system offers, found by trying: one row per question, for `kring doctor`.

In: nothing. Out: `Feature` rows. A row that is not `ok` says what to do.
"""

from __future__ import annotations

from collections.abc import Callable
from mmap import PAGESIZE

from kring.abi.uapi import MapType
from kring.errors import LoadError
from kring.obj.object import Map, Object, Program
from kring.record import record
from kring.run.btf import VMLINUX
from kring.run.kernel import privilege
from kring.run.kernel.kernel import Kernel
from kring.run.kernel.syscall import Fds
from kring.run.kernel.tracefs import SEARCH, Tracefs

_JIT = "/proc/sys/net/core/bpf_jit_enable"
_RETURN_0 = bytes.fromhex("b700000000000000 9500000000000000")


@record
class Feature:
    """One answer: `found` is what there is, `cure` what to do where that is not enough."""

    name: str
    ok: bool
    found: str
    cure: str = ""


def features() -> list[Feature]:
    """Every question's answer, from the system call up to a loaded program."""
    return [probe() for probe in _PROBES]


def bpf_syscall() -> Feature:
    name = "bpf(2)"
    match privilege.bpf_reachable():
        case "":
            return Feature(name, True, "reachable")
        case "ENOSYS":
            return Feature(
                name, False, "not in this kernel", "use a kernel with CONFIG_BPF_SYSCALL"
            )
        case error:
            cure = "allow bpf(2) in the container's seccomp profile"
            return Feature(name, False, f"refused ({error})", cure)


def capabilities() -> Feature:
    held = privilege.held()
    missing = [cap for cap in (privilege.BPF, privilege.PERFMON) if cap not in held]
    cure = f"run as root, or grant {' and '.join(missing)}" if missing else ""
    return Feature("capabilities", not missing, ", ".join(sorted(held)) or "none", cure)


def kernel_types() -> Feature:
    name = "kernel BTF"
    try:
        with open(VMLINUX, "rb") as file:
            size = file.seek(0, 2) or len(file.read())
    except OSError as error:
        cure = "use a kernel with CONFIG_DEBUG_INFO_BTF, or give a BTF file with --btf"
        return Feature(name, False, f"{VMLINUX}: {error.strerror}", cure)
    return Feature(name, True, f"{VMLINUX}, {size:,} bytes")


def tracefs() -> Feature:
    fds = Fds()
    try:
        found = Tracefs(fds)
        found.root()
        where = found.place or f"not mounted at {SEARCH[0]}; kring uses a mount of its own"
        return Feature("tracefs", True, where)
    except LoadError as error:
        return _refused("tracefs", error)
    finally:
        fds.close()


def jit() -> Feature:
    value = privilege.sysctl(_JIT)
    if value == "0":
        cure = "sudo sysctl net.core.bpf_jit_enable=1"
        return Feature("JIT", False, "off: programs are interpreted", cure)
    return Feature("JIT", True, "on" if value else "unknown: only root may read the setting")


def unprivileged_bpf() -> Feature:
    value = privilege.sysctl(privilege.UNPRIVILEGED)
    allowed = value == "0" or privilege.BPF in privilege.held()
    found = f"kernel.unprivileged_bpf_disabled = {value or 'unreadable'}"
    return Feature("unprivileged BPF", allowed, found, "" if allowed else "CAP_BPF is needed")


def perf_events() -> Feature:
    value = privilege.sysctl(privilege.PARANOID)
    allowed = value.startswith("-") or privilege.PERFMON in privilege.held()
    found = f"kernel.perf_event_paranoid = {value or 'unreadable'}"
    cure = "" if allowed else "CAP_PERFMON is needed to attach to tracepoints"
    return Feature("perf events", allowed, found, cure)


def ring_buffer() -> Feature:
    runtime = Kernel().open(Object("doctor", ()))
    try:
        runtime.create_map(Map("doctor", MapType.RINGBUF, max_entries=PAGESIZE))
    except LoadError as error:
        return _refused("ring buffer", error)
    finally:
        runtime.close()
    return Feature("ring buffer", True, "can be created")


def tracepoint_program() -> Feature:
    runtime = Kernel().open(Object("doctor", ()))
    try:
        program = Program("doctor", "tracepoint", _RETURN_0)
        runtime.load(program, program.code)
    except LoadError as error:
        return _refused("tracepoint program", error)
    finally:
        runtime.close()
    return Feature("tracepoint program", True, "can be loaded")


def _refused(name: str, error: LoadError) -> Feature:
    """The error's own words; what it says to try is the cure."""
    found, _, cure = str(error).partition(" Try: ")
    return Feature(name, False, found, cure)


_PROBES: tuple[Callable[[], Feature], ...] = (
    bpf_syscall,
    capabilities,
    kernel_types,
    tracefs,
    jit,
    unprivileged_bpf,
    perf_events,
    ring_buffer,
    tracepoint_program,
)
