"""Parallel copies one after the other: same result, whatever the cycles."""

from __future__ import annotations

from itertools import count

from hypothesis import given
from hypothesis import strategies as st

from kring.ir.text import parse_fn
from kring.lower.edges import sequence
from kring.lower.lir import MOVE, MOVE_K, Inst
from kring.lower.lower import lower

REGS = range(20, 28)
targets = st.lists(st.sampled_from(REGS), unique=True)
sources = st.one_of(st.sampled_from(REGS), st.integers(-9, -1))


@given(st.data())
def test_sequence_does_what_the_copies_do_at_once(data: st.DataObject) -> None:
    copies = {dst: data.draw(sources) for dst in data.draw(targets)}
    before = {reg: f"v{reg}" for reg in REGS}
    want = {**before, **{d: before.get(s, s) for d, s in copies.items()}}
    insts = [Inst(MOVE, d, s) if s > 0 else Inst(MOVE_K, d, imm=s) for d, s in copies.items()]
    fresh = count(100)
    now = dict[int, object](before)
    for inst in sequence(insts, lambda: next(fresh)):
        now[inst.dst] = now[inst.src] if inst.op is MOVE else inst.imm
    assert {reg: now[reg] for reg in REGS} == want


def test_swap_takes_one_register_more() -> None:
    swap = [Inst(MOVE, 20, 21), Inst(MOVE, 21, 20)]
    done = [(inst.dst, inst.src) for inst in sequence(swap, lambda: 99)]
    assert done == [(99, 20), (20, 21), (21, 99)]


def test_choice_of_constants_is_three_slots() -> None:
    fn = parse_fn(
        """fn f(v0: ptr.value) {
        b0:
          v1: i64 = load v0 [+0 u64]
          v2: i64 = const 1
          v3: i64 = const 2
          br v1 b1(v2) b1(v3)
        b1(v4: i64):
          ret v4
        }"""
    )
    names = [insn.op.name for insn in lower(fn).insns]
    assert names == ["ldxdw", "mov64_k", "jne64_k", "mov64_k", "exit"]
