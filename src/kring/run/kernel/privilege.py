"""Why the kernel said no: which capability is missing, and what to do.

In: a call that got EPERM or EACCES and the capabilities it needs. Out: `NotPermitted` with the
reason that holds here: capabilities, a seccomp filter, a user namespace, or the host's policy.
"""

from __future__ import annotations

import os
import sys
from errno import EINVAL, ENOSYS, EPERM

from kring.abi.uapi import ProgType
from kring.errors import NotPermitted
from kring.run.kernel.syscall import bpf, error_name

NET_ADMIN = "CAP_NET_ADMIN"
SYS_ADMIN = "CAP_SYS_ADMIN"
PERFMON = "CAP_PERFMON"
BPF = "CAP_BPF"
_BITS = {NET_ADMIN: 12, SYS_ADMIN: 21, PERFMON: 38, BPF: 39}
# What CAP_SYS_ADMIN stands in for: the two capabilities split off from it in Linux 5.8.
_SPLIT_OFF = (PERFMON, BPF)

UNPRIVILEGED = "/proc/sys/kernel/unprivileged_bpf_disabled"
PARANOID = "/proc/sys/kernel/perf_event_paranoid"
_NO_COMMAND = 999
_WHOLE_RANGE = 2**32 - 1
_LONGEST_COMMAND = 100

_TRACING = (BPF, PERFMON)
_NETWORK = (BPF, NET_ADMIN)
# See: kernel/bpf/syscall.c, is_perfmon_prog_type and is_net_admin_prog_type.
_NEEDS: dict[ProgType, tuple[str, ...]] = {
    **dict.fromkeys(
        (
            ProgType.KPROBE,
            ProgType.TRACEPOINT,
            ProgType.PERF_EVENT,
            ProgType.RAW_TRACEPOINT,
            ProgType.RAW_TRACEPOINT_WRITABLE,
            ProgType.TRACING,
            ProgType.LSM,
            ProgType.STRUCT_OPS,
        ),
        _TRACING,
    ),
    **dict.fromkeys(
        (
            ProgType.SCHED_CLS,
            ProgType.SCHED_ACT,
            ProgType.XDP,
            ProgType.SK_SKB,
            ProgType.SK_MSG,
            ProgType.SOCK_OPS,
            ProgType.LWT_IN,
            ProgType.LWT_OUT,
            ProgType.LWT_XMIT,
            ProgType.LWT_SEG6LOCAL,
            ProgType.NETFILTER,
            ProgType.FLOW_DISSECTOR,
            ProgType.CGROUP_DEVICE,
            ProgType.CGROUP_SOCK,
            ProgType.CGROUP_SOCK_ADDR,
            ProgType.CGROUP_SOCKOPT,
            ProgType.CGROUP_SYSCTL,
        ),
        _NETWORK,
    ),
}


def needs(type: ProgType) -> tuple[str, ...]:
    """The capabilities that loading a program of this type takes."""
    return _NEEDS.get(type, (BPF,))


def needs_to_attach(type: ProgType) -> tuple[str, ...]:
    """The capabilities that attaching a program of this type takes."""
    return _NETWORK if type == ProgType.CGROUP_SKB else needs(type)


def held() -> frozenset[str]:
    """Those of the capabilities above that this process has in effect."""
    mask = 0
    with open("/proc/self/status") as status:
        for line in status:
            if line.startswith("CapEff:"):
                mask = int(line.split()[1], 16)
    names = {name for name, bit in _BITS.items() if mask >> bit & 1}
    return frozenset(names.union(_SPLIT_OFF if SYS_ADMIN in names else ()))


def bpf_reachable() -> str:
    """Empty if bpf(2) can be called; otherwise the name of the error that stands in front of it."""
    try:
        bpf(_NO_COMMAND, b"\0" * 8)
    except OSError as error:
        return "" if error.errno == EINVAL else error_name(error.errno or ENOSYS)
    return ""


def sysctl(path: str) -> str:
    """A setting's value, empty where it cannot be read."""
    try:
        with open(path) as file:
            return file.read().strip()
    except OSError:
        return ""


def not_permitted(what: str, wanted: tuple[str, ...], errno: int = EPERM) -> NotPermitted:
    """The error for `what` ("loading ..."), which takes the capabilities `wanted`."""
    has = held()
    missing = [cap for cap in wanted if cap not in has]
    reason = _missing(wanted, missing) if missing else _with_all(wanted)
    return NotPermitted(f"{error_name(errno)}: {what} {reason}", errno)


def _missing(wanted: tuple[str, ...], missing: list[str]) -> str:
    if len(wanted) == 1:
        lacks = "does not have it"
    elif len(missing) == len(wanted):
        lacks = "has neither" if len(wanted) == 2 else "has none of them"
    else:
        lacks = f"lacks {' and '.join(missing)}"
    reason = f"needs {' and '.join(wanted)}; this process (uid {os.geteuid()}) {lacks}"
    if wanted == (BPF,) and (value := sysctl(UNPRIVILEGED)) not in ("", "0"):
        reason += f", and kernel.unprivileged_bpf_disabled is {value}"
    if wanted == (PERFMON,) and (value := sysctl(PARANOID)):
        reason += f", and kernel.perf_event_paranoid is {value}"
    if bpf_reachable() == "EPERM":
        reason += ", and bpf(2) as a whole is refused, as by the seccomp filter of a container"
    return f"{reason}. Try: {with_sudo()}"


def _with_all(wanted: tuple[str, ...]) -> str:
    blocked = bpf_reachable()
    if blocked == "EPERM":
        return (
            "was refused although this process has the capabilities: bpf(2) as a whole is"
            " forbidden, as by a seccomp filter."
            " Try: allow bpf(2) in the container's seccomp profile"
        )
    names = " and ".join(wanted)
    if _in_user_namespace():
        return (
            f"needs {names} of the host; those of this process count only inside its user"
            " namespace. Try: run it outside of the namespace or container"
        )
    return (
        f"was refused by the host's policy: this process has {names}, and the verifier said"
        " nothing against it. A security module or kernel lockdown forbids it here."
        " Try: another kind of program, or another host; kring doctor shows what works"
    )


def _in_user_namespace() -> bool:
    try:
        with open("/proc/self/uid_map") as file:
            return file.read().split() != ["0", "0", str(_WHOLE_RANGE)]
    except OSError:
        return False


def with_sudo() -> str:
    """This process's command, run with sudo."""
    command = " ".join(_quoted(word) for word in sys.orig_argv)
    if len(command) > _LONGEST_COMMAND or "\n" in command:
        return "run it as root, with sudo"
    return f"sudo {command}"


def _quoted(word: str) -> str:
    # Not shlex: a process that has dropped its privileges may not be able to import any more.
    if word and all(c.isalnum() or c in "@%+=:,./-_" for c in word):
        return word
    return "'" + word.replace("'", "'\\''") + "'"
