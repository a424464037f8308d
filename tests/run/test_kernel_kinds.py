"""Programs of every kind that a section can name: the kernel takes them for what they are."""

from __future__ import annotations

import pytest
from kernel_programs import code, load, runtime

from kring.abi.programs import parse_section
from kring.abi.sections import names
from kring.errors import AttachError, LoadError, NotPermitted, NotSupported

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
