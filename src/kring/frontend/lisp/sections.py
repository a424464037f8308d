"""What `defprog` says of where a program runs → its kind, as the section's name means it.

The section decides, as it does for whoever loads the object; the type stands for a section where
none is given. Names that only Whistler's own loader knows become those that everyone knows.
"""

from __future__ import annotations

from kring.abi.programs import KINDS, Kind, parse_section
from kring.abi.uapi import ProgType
from kring.frontend.diagnose import refuse
from kring.frontend.lisp.forms import lisp_name
from kring.ir.core import Span
from kring.spelling import suggestion

_DEFAULT = "xdp"
"""The type of a program that says neither type nor section."""

_SECTIONS = {
    "cgroup-skb": "cgroup/skb",
    "cgroup-sock": "cgroup/sock_create",
    "cgroup-device": "cgroup/dev",
    "cgroup-sysctl": "cgroup/sysctl",
    "classifier": "tc",
    "fmod-ret": "fmod_ret",
    "iter": "iter",
    "perf-event": "perf_event",
    "raw-tp": "raw_tp",
    "sched-cls": "tc",
    "sk-skb": "sk_skb/verdict",
    "sock-ops": "sockops",
    "socket-filter": "socket",
}
"""The sections of types whose first one is not their own name or that no decorator makes."""

_MANY = {
    "cgroup-sock-addr": "cgroup/connect4",
    "cgroup-sockopt": "cgroup/getsockopt",
    "netkit": "netkit/primary",
    "xdp-map": "xdp/devmap",
}
"""Types that attach in several places, each with a section of its own, and one of these."""

_WHISTLERS = {
    "xdp": "xdp",
    "xdp.frags": "xdp.frags",
    "tc": "tc",
    "tcx": "tc",
    "classifier": "classifier",
    "socket": "socket",
    "socket_filter": "socket",
    "sk_lookup": "sk_lookup",
    "sockops": "sockops",
    "cgroup_skb": "cgroup/skb",
    "cgroup-skb": "cgroup/skb",
    "interval": "perf_event",
    "profile": "perf_event",
    "test_run": "raw_tp",
}
"""Sections by what stands before the slash, where a name that means nothing may stand behind."""

_SAME = {ProgType.SOCK_OPS: "cgroup-sock"}
"""Kinds whose context Whistler reads for another type too."""


_TYPES = (
    "the types are :xdp, :tc, :tracepoint, :kprobe, :raw-tp, :cgroup-skb, :socket-filter and others"
)


def kind_for(
    keyword: str | None, section: str | None, span: Span, section_span: Span | None = None
) -> tuple[Kind, str, str, str | None]:
    """The kind of a program with `:type` and `:section`, its target, the name of its section in
    ELF, and what to tell the author if the two disagree.

    `span` is where the type stands, or the whole form; `section_span` where the section does.
    """
    type_name = keyword.lstrip(":").lower() if keyword is not None else None
    if section is None:
        name = _section_of(type_name or _DEFAULT, span)
        return *parse_section(name), name, None
    kind, target, name = _parsed(section, section_span or span)
    note = None if type_name is None else _disagreement(type_name, section, kind, span)
    return kind, target, name, note


def _section_of(type_name: str, span: Span) -> str:
    """The section that a type stands for."""
    if type_name in _MANY:
        example = _MANY[type_name]
        refuse(
            span, f"a program of type :{type_name} must say where it attaches",
            f'give its section too, as in `:type :{type_name} :section "{example}"`',
        )  # fmt: skip
    if type_name in _SECTIONS:
        return _SECTIONS[type_name]
    kind = _kind(type_name, span)
    return kind.sections[0].removesuffix("/")


def _kind(type_name: str, span: Span) -> Kind:
    """The kind that a type names."""
    named = type_name.replace("-", "_")
    if named in KINDS:
        return KINDS[named]
    from kring.abi.sections import OTHERS

    if named in OTHERS:
        return OTHERS[named]
    known = _SECTIONS.get(type_name)
    if known is not None:
        return parse_section(known)[0]
    every = sorted(f":{name}" for name in {*_SECTIONS, *map(lisp_name, (*KINDS, *OTHERS))})
    cure = suggestion(f":{type_name}", every, "", "`")
    refuse(span, f"there is no type of program :{type_name}", cure or _TYPES)


def _parsed(section: str, span: Span) -> tuple[Kind, str, str]:
    """Kind and target of a section, and the name that it has in ELF."""
    try:
        return *parse_section(section), section
    except KeyError:
        pass
    first = section.partition("/")[0]
    name = _WHISTLERS.get(first)
    if name is None:
        refuse(span, f'no program has the section "{section}"', _meant(section))
    return *parse_section(name), name


def _meant(section: str) -> str:
    """What the author of an unknown section may have meant."""
    from kring.abi.sections import names

    first, slash, rest = section.partition("/")
    known = sorted({*names(), *_WHISTLERS})
    close = _close(section, [name for name in known if ("/" in name) == bool(slash)])
    if not close and slash:
        close = _close(first, [name for name in known if "/" not in name], f"/{rest}")
    return close or (
        'a section says where the program attaches, as "xdp", "tc/ingress" or '
        '"tracepoint/sched/sched_switch" do'
    )


def _close(name: str, known: list[str], behind: str = "") -> str:
    """Did you mean …? if a known name is close."""
    found = suggestion(name, known, "", "`")
    return f"{found[:-2]}{behind}{found[-2:]}" if found and behind else found


def _disagreement(type_name: str, section: str, kind: Kind, span: Span) -> str | None:
    """What is said of a type that the section contradicts."""
    own = _kind(type_name, span)
    if own.type is kind.type or _SAME.get(kind.type) == type_name:
        return None
    means = lisp_name(kind.name)
    return (
        f'section "{section}" makes this a program of type :{means}, '
        f"not :{type_name}: its context is that of :{means}"
    )
