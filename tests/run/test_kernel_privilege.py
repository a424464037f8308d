"""Refusals for want of privilege, each in a process that has just the privileges named."""

from __future__ import annotations

import pytest
from kernel_programs import in_child

from kring.run.kernel import privilege
from kring.run.kernel.features import features

pytestmark = pytest.mark.kernel

BPF, PERFMON, NET_ADMIN = 1 << 39, 1 << 38, 1 << 12
MAP = "with runtime() as rt: refusal(lambda: rt.create_map(RING))"


def attempt(section: str, tail: str = "") -> str:
    return f"with runtime() as rt: refusal(lambda: load(rt, {section!r}, RETURN_7){tail})"


def test_a_map_needs_cap_bpf() -> None:
    said = in_child(MAP, capabilities=0)
    assert said.startswith(
        'NotPermitted True 1 EPERM: creating map "events" needs CAP_BPF;'
        " this process (uid 65534) does not have it, and kernel.unprivileged_bpf_disabled is "
    )
    assert ". Try: " in said
    assert in_child(MAP, capabilities=BPF) == "nothing refused"


@pytest.mark.parametrize(
    ("section", "held", "wanted", "lacks"),
    [
        ("tp/sched/sched_process_exec", 0, "CAP_BPF and CAP_PERFMON", "has neither"),
        ("tp/sched/sched_process_exec", BPF, "CAP_BPF and CAP_PERFMON", "lacks CAP_PERFMON"),
        ("raw_tp/sched_process_exec", PERFMON, "CAP_BPF and CAP_PERFMON", "lacks CAP_BPF"),
        ("xdp", BPF, "CAP_BPF and CAP_NET_ADMIN", "lacks CAP_NET_ADMIN"),
        ("syscall", 0, "CAP_BPF", "does not have it"),
    ],
)
def test_a_program_names_the_capabilities_of_its_kind(
    section: str, held: int, wanted: str, lacks: str
) -> None:
    said = in_child(attempt(section), capabilities=held)
    assert f'EPERM: loading "prog" needs {wanted}; this process (uid 65534) {lacks}' in said


@pytest.mark.parametrize(
    ("section", "held"),
    [
        ("tp/sched/sched_process_exec", BPF | PERFMON),
        ("xdp", BPF | NET_ADMIN),
        ("syscall", BPF),
    ],
)
def test_the_capabilities_named_suffice(section: str, held: int) -> None:
    assert in_child(attempt(section), capabilities=held) == "nothing refused"


def test_tracefs_out_of_reach() -> None:
    script = attempt("tp/sched/sched_process_exec", ".attach()")
    said = in_child(script, capabilities=BPF | PERFMON)
    assert said.startswith("NotPermitted True")
    assert "mounted" in said
    assert "Try: sudo" in said


def test_a_tracefs_for_root_only() -> None:
    script = """
from kring.run.kernel.tracefs import Tracefs
refusal(lambda: Tracefs(syscall_fds(), (LOCKED,)).event_id("sched:sched_process_exec"))
"""
    prelude = """
from kring.run.kernel.syscall import Fds as syscall_fds
LOCKED = "/proc/1/cwd"
"""
    said = in_child(prelude + script, capabilities=0)
    assert "EACCES: tracefs is mounted, but /proc/1/cwd may be read by root only" in said
    assert "uid 65534" in said


def test_perf_events_need_cap_perfmon() -> None:
    """Program and tracepoint number were got before the privileges were dropped."""
    script = """
with runtime() as rt:
    program = load(rt, "tp/sched/sched_process_exec", RETURN_7)
    tracefs = type(rt._tracefs)
    number = rt._tracefs.event_id("sched:sched_process_exec")
    tracefs.event_id = lambda self, name: number
    become_nobody(0)
    refusal(program.attach)
"""
    said = in_child(script)
    assert 'attaching "prog" to sched:sched_process_exec needs CAP_PERFMON' in said
    assert "kernel.perf_event_paranoid is" in said


def test_what_was_made_before_dropping_privileges_works_after() -> None:
    script = """
with runtime() as rt:
    ring = rt.create_map(RING)
    program = load(rt, "raw_tp/sched_process_exec", output(ring.fd))
    become_nobody(0)
    program.run()
    print(ring.ring().producer[0])
"""
    assert in_child(script) in ("16", "0")


def test_seccomp_is_told_from_missing_capabilities() -> None:
    said = in_child(MAP, seccomp=True)
    assert "although this process has the capabilities: bpf(2) as a whole is forbidden" in said
    assert "seccomp profile" in said
    said = in_child(MAP, seccomp=True, capabilities=0)
    assert "needs CAP_BPF" in said
    assert "bpf(2) as a whole is refused" in said


def test_a_policy_that_says_nothing() -> None:
    error = privilege.not_permitted('loading "x"', (privilege.BPF, privilege.PERFMON))
    assert str(error).startswith('EPERM: loading "x" was refused by the host\'s policy')
    assert isinstance(error, PermissionError)


def test_capabilities_of_a_user_namespace_do_not_count() -> None:
    script = """
if libc.unshare(0x10000000) != 0:
    print("no user namespaces here")
    sys.exit()
with runtime() as rt:
    refusal(lambda: rt.create_map(RING))
"""
    said = in_child(script, capabilities=0)
    assert said == "no user namespaces here" or "only inside its user namespace" in said


def test_cap_sys_admin_stands_in_for_those_split_off_from_it() -> None:
    script = "from kring.run.kernel.privilege import held\nprint(*sorted(held()))"
    assert in_child(script, capabilities=1 << 21) == "CAP_BPF CAP_PERFMON CAP_SYS_ADMIN"


def test_the_cure_is_this_command_with_sudo(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setattr(sys, "orig_argv", ["python", "my tool.py", "-v"])
    assert privilege.with_sudo() == "sudo python 'my tool.py' -v"
    monkeypatch.setattr(sys, "orig_argv", ["python", "-c", "x" * 200])
    assert privilege.with_sudo() == "run it as root, with sudo"


def test_doctor_finds_everything_here_and_nothing_as_nobody() -> None:
    assert [row.name for row in features() if not row.ok] == []
    script = """
from kring.run.kernel.features import features
print(*(row.name for row in features() if not row.ok and row.cure), sep=", ")
"""
    assert in_child(script, capabilities=0) == (
        "capabilities, tracefs, unprivileged BPF, perf events, ring buffer, tracepoint program"
    )
    assert in_child(script, seccomp=True).startswith("bpf(2), ring buffer")
