"""Instructions that the author wrote: kept as they are, with everything else built around them."""

from __future__ import annotations

import pytest
from engines import in_kernel, in_vm

from kring.errors import VmError
from kring.ir.check import check
from kring.ir.evaluate import World, evaluate
from kring.ir.passes import optimise
from kring.ir.text import parse_fn
from kring.lower.code import StackOverflow
from kring.lower.lower import lower

# Eight numbers read before the instructions, stored on the stack, and wanted behind them.
AROUND = "\n".join(f"v{10 + n}: i64 = load v0 [+{8 * n} u64]" for n in range(8))
SUM = "\n".join(f"v{30 + n}: i64 = add v{29 + n} v{10 + n}" for n in range(1, 8))
FUNCTION = f"""
fn f(v0: ptr.value) {{
b0:
  v1: ptr.stack = stack 8
  {AROUND}
  store v1 [+0 u64] v17
  v2: i64 = asm "mov64_k" 1 0 0 40
  v3: i64 = asm "mov64_k" 3 0 0 2
  v4: i64 = asm "add64_x" 1 3 0 0
  v5: i64 = asm "stdw" 10 0 -8 0
  v6: i64 = asm "stxdw" 10 1 -16 0
  v7: i64 = asm "mov64_x" 2 10 0 0
  v8: i64 = asm "add64_k" 2 0 0 -16
  v9: i64 = asm "lddw" 0 0 0 4294967296
  v20: i64 = asm "atomic_fetch_add64" 2 0 0 0
  v21: i64 = asm "ldxdw" 0 2 0 0
  v29: i64 = load v1 [+0 u64]
  v22: i64 = add v29 v21
  v23: i64 = add v22 v20
  v40: i64 = sub v23 v29
  v30: i64 = add v40 v10
  {SUM.replace("v29", "v30").replace("v30: i64 = add v30", "v31: i64 = add v30")}
  ret v37
}}
"""
WORDS = b"".join((1 << 8 * n).to_bytes(8, "little") for n in range(8))
RESULT = (sum(1 << 8 * n for n in range(8)) + (42 + (1 << 32)) + 42) % (1 << 64)


def test_instructions_see_each_others_registers_and_nothing_else_suffers() -> None:
    fn = parse_fn(FUNCTION)
    assert str(parse_fn(str(fn))) == str(fn)
    optimise(fn)
    code = lower(fn)
    # What the author stores at -8 and -16 is apart from the compiler's own 8 bytes and its spills.
    assert code.stack >= 24
    assert in_vm(code, WORDS) == RESULT


@pytest.mark.kernel
def test_in_the_kernel() -> None:
    fn = parse_fn(FUNCTION)
    optimise(fn)
    assert in_kernel(lower(fn), WORDS) == RESULT


def test_a_helper_called_by_number_keeps_no_register() -> None:
    text = """
    fn f(v0: ptr.value) {
    b0:
      v1: i64 = load v0 [+0 u64]
      v2: i64 = asm "call" 0 0 0 5
      v3: i64 = call "ktime_get_ns"
      v4: i64 = asm "mov64_k" 0 0 0 7
      v5: i64 = add v4 v1
      ret v5
    }
    """
    code = lower(parse_fn(text))
    assert [insn.imm for insn in code.insns if insn.op.name == "call"] == [5, 5]
    assert in_vm(code, WORDS) == 8


def test_nobody_else_can_run_them() -> None:
    fn = parse_fn(FUNCTION)
    check(fn)
    world = World()
    with pytest.raises(VmError, match="mean nothing outside"):
        evaluate(fn, [world.allocate(WORDS)], world)


def test_more_stack_than_there_is() -> None:
    with pytest.raises(StackOverflow):
        lower(parse_fn('fn f(v0: i64) {\nb0:\n v1: i64 = asm "stdw" 10 0 -520 0\n ret v0\n}'))
