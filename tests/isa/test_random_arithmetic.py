"""Random straight-line arithmetic gives the same registers in the VM and in the kernel."""

from __future__ import annotations

import struct

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from kernel_harness import run_in_kernel
from test_isa import run_in_vm

from kring.abi.asm import parse
from kring.abi.isa import DST, DST_IMM, DST_SRC, OPS, Insn, Op

WORKING = range(3, 10)
OPS_HERE = [op for op in OPS.values() if op.form in (DST, DST_IMM, DST_SRC)]
EDGES = [0, 1, 2, 3, 31, 32, 63, 64, (1 << 31) - 1, 1 << 31, (1 << 32) - 1, 1 << 32]
EDGES += [(1 << 64) - edge for edge in EDGES[1:]] + [(1 << 63) - 1, 1 << 63]

VALUES = st.one_of(st.sampled_from(EDGES), st.integers(0, (1 << 64) - 1))
REGISTERS = st.sampled_from(WORKING)


def immediates(op: Op) -> st.SearchStrategy[int]:
    """Immediates the verifier allows: no division by zero, no shift beyond the width."""
    if op.verb in ("lsh", "rsh", "arsh"):
        return st.integers(0, op.bits - 1)
    whole = st.integers(-(1 << 31), (1 << 31) - 1)
    return whole.filter(bool) if op.verb in ("div", "mod", "sdiv", "smod") else whole


@st.composite
def insns(draw: st.DrawFn) -> Insn:
    op = draw(st.sampled_from(OPS_HERE))
    dst, src = draw(REGISTERS), draw(REGISTERS)
    if op.form == DST_SRC:
        return Insn(op, dst, src)
    return Insn(op, dst, imm=draw(immediates(op)) if op.form == DST_IMM else 0)


def program(body: list[Insn]) -> list[Insn]:
    """Registers from memory, the body, and all registers folded into r0."""
    load = "".join(f"ldxdw r{r}, [r1+{8 * (r - 3)}]\n" for r in WORKING)
    fold = "".join(f"mul r0, 31\nxor r0, r{r}\n" for r in WORKING)
    return [*parse(load), *body, *parse("mov r0, 7\n" + fold + "exit")]


@pytest.mark.kernel
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(insns(), min_size=1, max_size=60),
    st.lists(VALUES, min_size=len(WORKING), max_size=len(WORKING)),
)
def test_vm_and_kernel_agree(body: list[Insn], values: list[int]) -> None:
    mem = struct.pack(f"<{len(WORKING)}Q", *values)
    whole = program(body)
    try:
        expected = run_in_kernel(whole, mem)
    except PermissionError as error:
        pytest.skip(f"loading programs needs CAP_BPF and CAP_NET_ADMIN: {error}")
    assert run_in_vm(whole, mem) == expected
