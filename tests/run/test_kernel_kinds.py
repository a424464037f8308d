"""Programs of every kind that a section can name: the kernel takes them for what they are."""

from __future__ import annotations

from pathlib import Path

import pytest
from kernel_programs import code, in_child, load, runtime

from kring.abi.programs import parse_section
from kring.abi.sections import names
from kring.errors import AttachError, LoadError, NotPermitted, NotSupported, VerifierError

pytestmark = pytest.mark.kernel

FUNCTIONS = {
    "tp_btf": "sched_switch", "iterator": "task", "lsm": "file_open", "lsm_cgroup": "socket_bind",
    "fentry": "do_unlinkat", "fexit": "do_unlinkat", "fmod_ret": "security_file_open",
}  # fmt: skip
FORBIDDEN = {"lsm", "lsm_cgroup", "fentry", "fexit", "fmod_ret"}
"""Kinds that the policy of a host may forbid."""
ONE = {"recvmsg", "getpeername", "getsockname"}
"""Hooks whose programs must return 1."""


@pytest.mark.parametrize("section", [name for name in names() if "struct_ops" not in name])
def test_load(section: str) -> None:
    kind, _ = parse_section(section)
    given = f"{section}/{FUNCTIONS[kind.name]}" if kind.typed else section
    result = int(any(word in section for word in ONE))
    if kind.name == "freplace":
        pytest.skip("replaces functions of another program")
    with runtime() as rt:
        try:
            program = load(rt, given, code(f"mov r0, {result}\nexit"))
        except NotPermitted:
            assert kind.name in FORBIDDEN
            pytest.skip("the host's policy forbids this kind")
        except NotSupported as error:
            assert kind.name == "lirc_mode2"
            pytest.skip(str(error))
        assert program.kind.name == kind.name


@pytest.mark.parametrize(
    "section", ["uprobe", "uretprobe", "uprobe.multi", "uretprobe.multi", "uprobe.session", "usdt",
                "iter"],
)  # fmt: skip
def test_programs_that_may_sleep(section: str) -> None:
    """Only they may call bpf_copy_from_user."""
    program = code(
        """
        mov r1, r10
        add r1, -8
        mov r2, 8
        mov r3, 0
        call 148
        mov r0, 0
        exit
        """
    )
    target = "/task" if section == "iter" else ""
    with runtime() as rt:
        load(rt, f"{section}.s{target}", program)
        with pytest.raises(VerifierError, match=r"bpf_copy_from_user#148|sleepable"):
            load(rt, f"{section}{target}", program)


def test_capabilities() -> None:
    """What an error would name is what the kernel wants: no less, and no more."""
    sections = [
        name for name in names()
        if not (kind := parse_section(name)[0]).typed
        and kind.name not in ("freplace", "struct_ops", "lirc_mode2")
    ]  # fmt: skip
    script = f"""
from kring.run.kernel.privilege import held, needs
from kring.abi.programs import parse_section
for section in {sections}:
    result = int(any(word in section for word in {ONE}))
    wanted = set(needs(parse_section(section)[0].type))
    with runtime() as rt:
        try:
            load(rt, section, code(f"mov r0, {{result}}\\nexit"))
        except NotPermitted as error:
            assert not wanted <= held(), section
        else:
            assert wanted <= held(), section
print("done")
"""
    BPF, PERFMON, NET_ADMIN = 1 << 39, 1 << 38, 1 << 12
    for mask in (BPF, BPF | NET_ADMIN, BPF | PERFMON):
        assert in_child(script, capabilities=mask) == "done"


def test_a_filter_of_a_cgroup_is_loaded_with_less_than_it_is_attached(cgroup: Path) -> None:
    script = f"""
from kring.run.target import Hook
with runtime() as rt:
    program = load(rt, "cgroup_skb/ingress", code("mov r0, 1\\nexit"))
    refusal(lambda: program.attach(Hook(cgroup={str(cgroup)!r})))
"""
    said = in_child(script, capabilities=1 << 39)
    assert said.startswith("NotPermitted True 1 EPERM")
    assert "needs CAP_BPF and CAP_NET_ADMIN" in said


@pytest.mark.parametrize(
    ("section", "error", "message"),
    [
        ("tracepiont/a/b", LoadError, r"names no kind of program. Did you mean 'tracepoint'\?"),
        ("cgroup/conect4", LoadError, r"Did you mean 'cgroup/connect4'\?"),
        ("xdp_prog", LoadError, r"Did you mean 'xdp'\?"),
        ("fentry", AttachError, 'section \'fentry\' names no function, .* loaded for one: fentry/'),
        ("freplace/f", NotSupported, "replaces a function of another program"),
        ("lsm.s/file_opne", AttachError, r"no kernel function bpf_lsm_file_opne .* file_open\?"),
    ],
)  # fmt: skip
def test_refusals(section: str, error: type[LoadError], message: str) -> None:
    with runtime() as rt, pytest.raises(error, match=message):
        load(rt, section, code("mov r0, 0\nexit"))
