"""Program kinds: one row for what a decorator, a section name and the kernel call the same."""

from __future__ import annotations

from kring.abi.uapi import BPF_F_SLEEPABLE, AttachType, ProgType
from kring.record import record


@record
class Kind:
    """A way to run a program.

    `name` is the decorator's, `sections` the libbpf prefixes that mean it, the one written first.
    `test_run` says whether the kernel can run it on given input, `hooked` whether anything else
    ever runs it, `flags` what loading it takes.
    """

    name: str
    sections: tuple[str, ...]
    type: ProgType
    attach: AttachType = AttachType.NONE
    test_run: bool = False
    hooked: bool = True
    flags: int = 0


KINDS = {
    kind.name: kind
    for kind in (
        Kind("tracepoint", ("tracepoint", "tp"), ProgType.TRACEPOINT),
        Kind(
            "raw_tracepoint", ("raw_tracepoint", "raw_tp"), ProgType.RAW_TRACEPOINT, test_run=True
        ),
        Kind("xdp", ("xdp",), ProgType.XDP, AttachType.XDP, test_run=True),
        Kind(
            "syscall",
            ("syscall",),
            ProgType.SYSCALL,
            test_run=True,
            hooked=False,
            flags=BPF_F_SLEEPABLE,
        ),
        Kind("socket_filter", ("socket",), ProgType.SOCKET_FILTER, test_run=True),
    )
}


def section(kind: Kind, target: str) -> str:
    """The ELF section name of a program: `tracepoint/sched/sched_process_exec`."""
    return "/".join([kind.sections[0], *target.split(":")]) if target else kind.sections[0]


def parse_section(name: str) -> tuple[Kind, str]:
    """Kind and target of a section name: `tp/sched/sched_process_exec` gives the kind
    `tracepoint` and `sched:sched_process_exec`.

    Raises: KeyError if no kind has that prefix.
    """
    prefix, _, target = name.partition("/")
    for kind in KINDS.values():
        if prefix in kind.sections:
            return kind, target.replace("/", ":")
    raise KeyError(prefix)
