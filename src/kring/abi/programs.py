"""Program kinds: one row for what a decorator, a section name and the kernel call the same."""

from __future__ import annotations

from kring.abi.uapi import BPF_F_SLEEPABLE, AttachType, ProgType
from kring.record import record

DIRECTIONS = "ingress", "egress"
"""Targets of kinds that see packets on their way in or out."""


@record
class Kind:
    """A way to run a program.

    `name` is the decorator's, `sections` the names that mean it, as libbpf has them and the one
    written first: one that ends in `/` may have a target behind it, or stand without both. Names
    that mean it with something more, and kinds that no decorator makes, are in `sections.py`.

    `test_run` says whether the kernel can run it on given input, `hooked` whether anything runs it
    without being asked, `needs` what attaching must know: a `target`, which the section names, or
    an argument of `attach` of this name, or nothing. `flags` is what loading it takes.

    `context` names what the program is given: the fields of a `tracepoint`, `xdp`, `skb`,
    `perf_event`, the 64-bit `arguments` of a function (with its result behind them where `returns`
    is set), the CPU's `registers` at a function's entry (or at its return, where `returns` is
    set), the arguments of a `usdt` probe, or plain `bytes`.

    `function` is what the kernel's types put before the target's name to name the function whose
    arguments these are, None where they name none; `typed` says that it is named at load, so that
    the verifier knows the arguments' types. `directions` gives the attach type for each of
    `DIRECTIONS`. `between` stands between the parts of a target in a section's name, where targets
    have a `:`; `unnamed` targets are no part of its name in a file. `results` are the numbers the
    verifier lets the program return, None for all; `verdict` says that the number decides
    something, so that there must be one.
    """

    name: str
    sections: tuple[str, ...]
    type: ProgType
    attach: AttachType = AttachType.NONE
    context: str = "bytes"
    test_run: bool = False
    hooked: bool = True
    needs: str = "target"
    flags: int = 0
    returns: bool = False
    function: str | None = None
    typed: bool = False
    directions: tuple[AttachType, ...] = ()
    between: str = ":"
    unnamed: bool = False
    results: range | None = None
    verdict: bool = False

    def attach_type(self, target: str) -> AttachType:
        """What the kernel is told at load about where the program will be attached."""
        if target in DIRECTIONS and self.directions:
            return self.directions[DIRECTIONS.index(target)]
        return self.attach


@record
class Parameter:
    """A parameter of a kernel function, as its types have it: `type` as C spells it, `struct` the
    struct that it points to, empty for what is no pointer to one; `size` in bytes."""

    name: str
    type: str
    struct: str = ""
    size: int = 8
    signed: bool = False

    def spelled(self) -> str:
        """How a program declares it."""
        return self.struct or f"{'i' if self.signed else 'u'}{self.size * 8}"


_NONE = range(1)

KINDS = {
    kind.name: kind
    for kind in (
        Kind(
            "tracepoint", ("tracepoint/", "tp/"), ProgType.TRACEPOINT, context="tracepoint",
            between="/",
        ),
        Kind(
            "raw_tracepoint", ("raw_tracepoint/", "raw_tp/"), ProgType.RAW_TRACEPOINT,
            context="arguments", test_run=True, function="btf_trace_",
        ),
        Kind(
            "tp_btf", ("tp_btf/",), ProgType.TRACING, AttachType.TRACE_RAW_TP,
            context="arguments", function="btf_trace_", typed=True, results=_NONE,
        ),
        Kind(
            "fentry", ("fentry/",), ProgType.TRACING, AttachType.TRACE_FENTRY,
            context="arguments", function="", typed=True, results=_NONE,
        ),
        Kind(
            "fexit", ("fexit/",), ProgType.TRACING, AttachType.TRACE_FEXIT,
            context="arguments", function="", typed=True, returns=True, results=_NONE,
        ),
        Kind(
            "lsm", ("lsm/",), ProgType.LSM, AttachType.LSM_MAC,
            context="arguments", function="bpf_lsm_", typed=True,
        ),
        Kind(
            "iterator", ("iter/",), ProgType.TRACING, AttachType.TRACE_ITER, context="arguments",
            function="bpf_iter_", typed=True, hooked=False, results=range(2),
        ),
        Kind("kprobe", ("kprobe/",), ProgType.KPROBE, context="registers", function=""),
        Kind(
            "kretprobe", ("kretprobe/",), ProgType.KPROBE, context="registers", function="",
            returns=True,
        ),
        Kind("uprobe", ("uprobe/",), ProgType.KPROBE, context="registers"),
        Kind("uretprobe", ("uretprobe/",), ProgType.KPROBE, context="registers", returns=True),
        Kind("usdt", ("usdt/",), ProgType.KPROBE, context="usdt"),
        Kind(
            "perf_event", ("perf_event/",), ProgType.PERF_EVENT, context="perf_event",
            needs="frequency", unnamed=True,
        ),
        Kind(
            "xdp", ("xdp",), ProgType.XDP, AttachType.XDP, context="xdp", test_run=True,
            needs="interface", verdict=True,
        ),
        Kind(
            "tc", ("tc/", "tcx/", "classifier"), ProgType.SCHED_CLS, context="skb",
            test_run=True, needs="interface",
            directions=(AttachType.TCX_INGRESS, AttachType.TCX_EGRESS), unnamed=True,
            verdict=True,
        ),
        Kind(
            "cgroup_skb", ("cgroup_skb/", "cgroup/skb"), ProgType.CGROUP_SKB, context="skb",
            test_run=True, needs="cgroup",
            directions=(AttachType.CGROUP_INET_INGRESS, AttachType.CGROUP_INET_EGRESS),
            results=range(2), verdict=True,
        ),
        Kind(
            "socket_filter", ("socket",), ProgType.SOCKET_FILTER, context="skb", test_run=True,
            hooked=False, needs="socket", verdict=True,
        ),
        Kind(
            "syscall", ("syscall",), ProgType.SYSCALL, test_run=True, hooked=False, needs="",
            flags=BPF_F_SLEEPABLE,
        ),
    )
}  # fmt: skip


def section(kind: Kind, target: str) -> str:
    """The ELF section name of a program: `tracepoint/sched/sched_process_exec`."""
    first = kind.sections[0].removesuffix("/")
    return f"{first}/{target.replace(':', kind.between)}" if target else first


def short_section(name: str) -> tuple[str, str]:
    """The name of a section as libbpf knows it, and the target that is no part of that name."""
    try:
        kind, target = parse_section(name)
    except KeyError:
        return name, ""
    return (section(kind, ""), target) if kind.unnamed else (name, "")


def parse_section(name: str) -> tuple[Kind, str]:
    """Kind and target of a section name: `tp/sched/sched_process_exec` gives the kind
    `tracepoint` and `sched:sched_process_exec`.

    Raises: KeyError if it means no kind.
    """
    for kind in KINDS.values():
        for known in kind.sections:
            if (target := target_of(name, known, kind)) is not None:
                return kind, target
    # Only objects that others made have more of them: the table is long.
    from kring.abi.sections import find

    return find(name)


def with_target(name: str, target: str) -> str:
    """The name of a section with another target, empty if such a section has none.

    Raises: KeyError if it means no kind.
    """
    kind, old = parse_section(name)
    first = name.removesuffix(old.replace(":", kind.between)).removesuffix("/") if old else name
    made = f"{first}/{target.replace(':', kind.between)}"
    try:
        same = parse_section(made)[0].name == kind.name
    except KeyError:
        return ""
    return made if same else ""


def target_of(name: str, known: str, kind: Kind) -> str | None:
    """What a section's name says of the hook if it is the `known` one, else None."""
    if name == known.removesuffix("/"):
        return ""
    if known[-1] != "/" or not name.startswith(known):
        return None
    target = name[len(known) :].replace(kind.between, ":")
    return None if kind.directions and target not in DIRECTIONS else target
