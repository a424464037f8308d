"""Every case: text and bytes round-trip, the VM gives the result, and so does the kernel."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from isa_case import Case, read_case
from kernel_harness import Rejected, load_raw, run_in_kernel

from kring.abi.asm import format_insns, parse
from kring.abi.code import decode, encode
from kring.abi.isa import OPS, Insn
from kring.errors import AsmError, ObjectError, VmError
from kring.run.vm.machine import Machine
from kring.run.vm.memory import Memory


def program(case: Case) -> list[Insn]:
    """The case's instructions, from its text if it has one."""
    if case.asm is not None:
        return parse(case.asm)
    assert case.raw is not None, "a case needs asm or raw"
    return decode(case.raw)


def run_in_vm(insns: list[Insn], mem: bytes) -> int:
    memory = Memory()
    region = memory.map(bytearray(mem), "the case's memory")
    return Machine(encode(insns), memory).run(region.base, len(mem))


def test_text_and_bytes_round_trip(valid_case: Case) -> None:
    insns = program(valid_case)
    code = encode(insns)
    if valid_case.raw is not None:
        assert code == valid_case.raw
    assert decode(code) == insns
    assert parse(format_insns(insns)) == insns


def test_vm_gives_the_result(case: Case, foreign: bool) -> None:
    if case.error is None:
        assert case.result is not None, "a case needs a result or an error"
        assert hex(run_in_vm(program(case), case.mem)) == hex(case.result)
        return
    with pytest.raises((AsmError, ObjectError, VmError)) as caught:
        run_in_vm(program(case), case.mem)
    if not foreign:
        assert case.error in str(caught.value)


def test_every_instruction_has_a_case(foreign: bool) -> None:
    """Calls that leave the program are tested where there is something to call."""
    if foreign:
        pytest.skip("only our own cases promise to be complete")
    cases = [read_case(path) for path in Path(__file__).parent.glob("*.data")]
    used = {insn.op.name for case in cases if case.error is None for insn in program(case)}
    assert OPS.keys() - used == {"call", "call_kfunc"}


@pytest.mark.kernel
def test_kernel_agrees(kernel_case: Case, foreign: bool, kernel_tally: Counter[str]) -> None:
    case = kernel_case
    try:
        if case.kernel_reject is not None:
            with pytest.raises(Rejected) as caught:
                _let_kernel_judge(case)
            assert case.kernel_reject in str(caught.value)
            kernel_tally["refused as expected"] += 1
            return
        assert hex(run_in_kernel(program(case), case.mem)) == hex(case.result or 0)
        kernel_tally["ran"] += 1
    except PermissionError as error:
        pytest.skip(f"loading programs needs CAP_BPF and CAP_NET_ADMIN: {error}")
    except Rejected as rejected:
        if not foreign:
            raise
        kernel_tally["refused"] += 1
        pytest.skip(f"the verifier refuses: {str(rejected).splitlines()[-3:]}")


def _let_kernel_judge(case: Case) -> None:
    """Load the case: raw slots as they are, since our own decoder may refuse them."""
    if case.asm is None:
        assert case.raw is not None
        load_raw(case.raw)
    else:
        run_in_kernel(program(case), case.mem)
