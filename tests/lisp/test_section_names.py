"""What `defprog` says of where a program runs: kind, target and section, or one clear error."""

from __future__ import annotations

import pytest

from kring.abi.programs import KINDS, parse_section
from kring.abi.sections import OTHERS, names
from kring.errors import CompileError
from kring.frontend.lisp.sections import kind_for
from kring.ir.core import Span

AT = Span("x.lisp", 3, 1, 3, 20)


@pytest.mark.parametrize(
    ("type_name", "section", "kind", "target", "name"),
    [
        (None, None, "xdp", "", "xdp"),
        (":xdp", None, "xdp", "", "xdp"),
        (":XDP", None, "xdp", "", "xdp"),
        (":tc", None, "tc", "", "tc"),
        (":socket-filter", None, "socket_filter", "", "socket"),
        (":tracepoint", None, "tracepoint", "", "tracepoint"),
        (":kprobe", None, "kprobe", "", "kprobe"),
        (":cgroup-skb", None, "cgroup_skb", "", "cgroup/skb"),
        (":cgroup-sock", None, "cgroup_sock", "", "cgroup/sock_create"),
        (":sk-lookup", None, "sk_lookup", "", "sk_lookup"),
        (":lsm", None, "lsm", "", "lsm"),
        (":fentry", None, "fentry", "", "fentry"),
        (":sockops", None, "sockops", "", "sockops"),
        (":syscall", None, "syscall", "", "syscall"),
        (None, "tracepoint/sched/sched_switch", "tracepoint", "sched:sched_switch",
         "tracepoint/sched/sched_switch"),
        (":kprobe", "uretprobe//bin/sh:main", "uretprobe", "/bin/sh:main",
         "uretprobe//bin/sh:main"),
        (":xdp", "xdp/filter", "xdp", "", "xdp"),
        (":xdp", "xdp/devmap", "xdp_map", "", "xdp/devmap"),
        (":tc", "tc/ingress", "tc", "ingress", "tc/ingress"),
        (":tc", "tc/shaper", "tc", "", "tc"),
        (":tc", "classifier", "tc", "", "classifier"),
        (None, "profile/hz/99", "perf_event", "", "perf_event"),
        (None, "interval/1", "perf_event", "", "perf_event"),
        (None, "test_run/x", "raw_tracepoint", "", "raw_tp"),
        (None, "sk_lookup/echo", "sk_lookup", "", "sk_lookup"),
        (":cgroup-sock", "sockops", "sockops", "", "sockops"),
        (":cgroup-sock-addr", "cgroup/connect6", "cgroup_sock_addr", "", "cgroup/connect6"),
        (":kprobe", "kprobe.multi/tcp_*", "kprobe_multi", "tcp_*", "kprobe.multi/tcp_*"),
    ],
)  # fmt: skip
def test_a_program_runs_where_its_section_says(
    type_name: str | None, section: str | None, kind: str, target: str, name: str
) -> None:
    found, hook, elf, note = kind_for(type_name, section, AT)
    assert (found.name, hook, elf, note) == (kind, target, name, None)


@pytest.mark.parametrize("section", names())
def test_every_section_that_kring_knows_is_known_here(section: str) -> None:
    kind, target = parse_section(section)
    assert kind_for(None, section, AT) == (kind, target, section, None)


@pytest.mark.parametrize("name", [*KINDS, *OTHERS])
def test_every_kind_is_a_type(name: str) -> None:
    type_name = name.replace("_", "-")
    section = {
        "cgroup_sock_addr": "cgroup/connect4", "cgroup_sockopt": "cgroup/getsockopt",
        "netkit": "netkit/peer", "xdp_map": "xdp/devmap",
    }.get(name)  # fmt: skip
    kind, _, _, note = kind_for(type_name, section, AT)
    assert (kind.name, note) == (name, None)


@pytest.mark.parametrize(
    ("type_name", "section", "other"),
    [(":xdp", "tc/shaper", "tc"), (":tc", "xdp", "xdp"), (":cgroup-sock", "tc", "tc")],
)
def test_a_type_that_the_section_contradicts_is_noted(
    type_name: str, section: str, other: str
) -> None:
    kind, _, _, note = kind_for(type_name, section, AT)
    assert kind.name == other
    assert note is not None
    assert note.startswith('section "')
    assert type_name in note
    assert f":{other}" in note


@pytest.mark.parametrize(
    ("type_name", "section", "message", "cure"),
    [
        (":xpd", None, "there is no type of program :xpd", "Did you mean `:xdp`?"),
        (":foo", "xdp", "there is no type of program :foo", "the types are "),
        (None, "kprob/f", 'no program has the section "kprob/f"', "Did you mean `kprobe/f`?"),
        (None, "cgroup/conect4", "no program has", "Did you mean `cgroup/connect4`?"),
        (None, "zzz", "no program has", "a section says where the program attaches"),
        (None, "", 'no program has the section ""', "a section says where"),
        (":cgroup-sock-addr", None, "must say where it attaches", '"cgroup/connect4"'),
    ],
)
def test_what_nobody_knows_is_refused(
    type_name: str | None, section: str | None, message: str, cure: str
) -> None:
    with pytest.raises(CompileError) as caught:
        kind_for(type_name, section, AT)
    assert message in caught.value.msg
    assert cure in caught.value.notes[0]
