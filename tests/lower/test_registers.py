"""Registers, spills and layout: how few instructions remain, and where values live."""

from __future__ import annotations

import gc
import time
from pathlib import Path

import pytest
from engines import agree

from kring.abi.asm import format_insns
from kring.abi.isa import OPS
from kring.ir.core import Fn, Mem, Op, Space, Type, Value
from kring.ir.text import parse_fn
from kring.lower.code import Code, StackOverflow, TooLong
from kring.lower.emit import emit
from kring.lower.layout import order, tidy
from kring.lower.lir import MOVE_K, Block, Function, Inst
from kring.lower.lower import lower

HERE = Path(__file__).parent


def names(code: Code) -> list[str]:
    return [insn.op.name for insn in code.insns]


def test_a_whole_program_leaves_nothing_to_remove() -> None:
    code = lower(parse_fn((HERE / "exec.ir").read_text()))
    assert format_insns(code.insns) == (HERE / "exec.s").read_text()
    assert sum(insn.slots for insn in code.insns) == 40


def across_calls(count: int) -> Fn:
    """Loads `count` numbers, calls a helper, and adds them up."""
    lines = ["fn f(v0: ptr.value) {", "b0:"]
    lines += [f"  v{at}: i64 = load v0 [+{at % 4 * 8} u64]" for at in range(1, count + 1)]
    lines += [f'  v{count + 1}: i64 = call "ktime_get_ns"']
    total = "v1"
    for at in range(2, count + 1):
        lines.append(f"  v{count + at}: i64 = add {total} v{at}")
        total = f"v{count + at}"
    return parse_fn("\n".join([*lines, f"  ret {total}", "}"]))


MEM = bytes(range(32))


@pytest.mark.parametrize("count", [1, 4, 5, 9, 40])
def test_values_that_no_register_keeps_are_in_aligned_slots(count: int) -> None:
    code = agree(across_calls(count), MEM)
    spilled = max(0, count - 4)
    assert code.stack == 8 * spilled
    assert code.stack_users == (((None, 8 * spilled),) if spilled else ())
    assert names(code).count("stxdw") == spilled
    assert all(i.off % 8 == 0 for i in code.insns if i.op.name in ("stxdw", "ldxdw"))


def test_too_much_stack_names_its_users() -> None:
    fn = across_calls(6)
    objects = [fn.value(Op.STACK, [], size, Type(Space.STACK)) for size in (250, 248)]
    cleared = [fn.value(Op.ZERO, [one], Mem(0, 8)) for one in objects]
    loaded = [fn.value(Op.LOAD, [one], Mem(0, 8)) for one in objects]
    fn.entry.body[:0] = [*objects, *cleared, *loaded]
    with pytest.raises(StackOverflow) as caught:
        lower(fn)
    assert caught.value.users == ((None, 256), (None, 248), (None, 16))


def test_constants_and_addresses_are_made_again_rather_than_spilled() -> None:
    fn = parse_fn(
        """fn f(v0: ptr.value) {
        b0:
          v1: ptr.stack = stack 8
          v2: i64 = load v0 [+0 u64]
          v3: i64 = load v0 [+8 u64]
          v4: i64 = load v0 [+16 u64]
          v5: i64 = load v0 [+24 u64]
          store v1 [+0 u64] v2
          v6: ptr.map = map "m"
          v7: i64 = call "map_delete_elem" v6 v1
          v8: i64 = call "map_delete_elem" v6 v1
          v9: i64 = call "map_delete_elem" v6 v1
          v10: i64 = add v2 v3
          v11: i64 = add v10 v4
          v12: i64 = add v11 v5
          ret v12
        }"""
    )
    code = lower(fn)
    assert code.stack == 8
    assert [map for _, map, _ in code.maps] == ["m", "m", "m"]


def test_an_address_used_often_is_kept() -> None:
    fn = parse_fn(
        """fn f(v0: ptr.value) {
        b0:
          v1: ptr.value = global "g" +4
          v2: i64 = load v1 [+0 u32]
          v3: i64 = const 3
          v4: i64 = mul v2 v3
          store v1 [+0 u32] v4
          ret v4
        }"""
    )
    assert names(lower(fn)) == ["lddw", "ldxw", "mul64_k", "stxw", "exit"]


def test_of_two_operands_the_one_not_needed_again_is_overwritten() -> None:
    fn = parse_fn(
        """fn f(v0: ptr.value) {
        b0:
          v1: i64 = load v0 [+0 u64]
          v2: i64 = load v0 [+8 u64]
          v3: i64 = add v1 v2
          store v0 [+16 u64] v3
          ret v1
        }"""
    )
    assert "mov64_x" not in names(agree(fn, MEM))


EXCHANGED_ACROSS_CALLS = """
fn f(v0: ptr.value) {
b0:
  v1: i64 = load v0 [+0 u64]
  v2: i64 = call "ktime_get_ns"
  v3: i64 = const 8
  v4: i64 = load v0 [+8 u64]
  v5: i64 = shl v4 v3
  v6: i64 = add v5 v1
  v7: i64 = call "ktime_get_ns"
  ret v6
}
"""


def test_an_operand_moved_for_the_other_is_still_computed() -> None:
    agree(parse_fn(EXCHANGED_ACROSS_CALLS), MEM)


def test_swapping_in_a_loop_takes_three_moves() -> None:
    fn = parse_fn(
        """fn f(v0: ptr.value) {
        b0:
          v1: i64 = load v0 [+0 u64]
          v2: i64 = load v0 [+8 u64]
          v3: i64 = const 0
          jump b1(v1, v2, v3)
        b1(v4: i64, v5: i64, v6: i64):
          v7: i64 = const 3
          v8: i64 = ult v6 v7
          br v8 b2 b3
        b2:
          v9: i64 = const 1
          v10: i64 = add v6 v9
          jump b1(v5, v4, v10)
        b3:
          v11: i64 = sub v4 v5
          ret v11
        }"""
    )
    assert names(agree(fn, MEM)).count("mov64_x") <= 4


def ends(*numbers: int) -> list[Block]:
    """A chain of tests, each of which may leave for a block that returns one of the numbers."""
    blocks: list[Block] = []
    last = Block([Inst(MOVE_K, 0, imm=-1)])
    for number in reversed(numbers):
        leave = Block([Inst(MOVE_K, 0, imm=number)])
        test = Block(test=Inst(OPS["jeq64_k"], 1, imm=len(blocks)), to=[leave, last])
        blocks = [test, leave, *blocks]
        last = test
    tail = [block for block in blocks if block.test is None]
    final = next(block for block in blocks[::-1] if block.test)
    return [*blocks, final.to[1], *(b for b in tail if b not in blocks)]


def test_equal_ends_are_one() -> None:
    blocks = order(tidy(ends(5, 6, 5, 5)))
    returned = [block.insns[-1].imm for block in blocks if not block.to]
    assert sorted(returned) == [-1, 5, 6]


def test_calls_with_different_maps_stay_apart() -> None:
    fn = parse_fn(
        """fn f(v0: ptr.value) {
        b0:
          v1: i64 = load v0 [+0 u64]
          br v1 b1 b2
        b1:
          v2: ptr.map = map "a"
          v3: i64 = call "map_delete_elem" v2 v0
          ret v1
        b2:
          v4: ptr.map = map "b"
          v5: i64 = call "map_delete_elem" v4 v0
          ret v1
        }"""
    )
    assert names(lower(fn)).count("call") == 2


def test_blocks_follow_each_other_where_they_can() -> None:
    blocks = order(tidy(ends(1, 2, 3)))
    jumps = sum(
        following not in block.to
        for block, following in zip(blocks, [*blocks[1:], None], strict=True)
        if block.to
    )
    assert jumps == 0


def test_an_endless_loop_can_be_laid_out() -> None:
    fn = parse_fn("fn f(v0: ptr.value) {\nb0:\n  jump b1\nb1:\n  jump b1\n}")
    assert format_insns(lower(fn).insns) == "L0:\n    ja L0\n"


def long_body(steps: int) -> Fn:
    fn = Fn("long")
    block = fn.block()
    fn.blocks.append(block)
    block.params.append(mem := fn.value(Op.PARAM, type=Type(Space.VALUE)))
    recent: list[Value] = []
    for at in range(steps):
        if len(recent) < 12 or at % 3 == 0:
            value = fn.value(Op.LOAD, [mem], Mem(at % 4 * 8, 8))
        elif at % 11 == 0:
            value = fn.value(Op.CALL, [], "ktime_get_ns")
        else:
            value = fn.value(Op.XOR, [recent[-1], recent[-1 - at % 12]])
        block.body.append(value)
        recent.append(value)
    block.end = fn.value(Op.RET, [recent[-1]])
    return fn


def test_time_grows_with_the_length_and_not_its_square() -> None:
    def seconds(steps: int) -> float:
        fn = long_body(steps)
        # A collection looks at all that the tests before have left, and is not what grows.
        gc.collect()
        gc.disable()
        start = time.process_time()
        lower(fn)
        taken = time.process_time() - start
        gc.enable()
        return taken

    short = min(seconds(150) for _ in range(3))
    assert seconds(4 * 150) < 4 * 2.5 * short + 0.01
    assert seconds(16 * 150) < 16 * 2.5 * short + 0.01


def test_stores_to_the_programs_own_memory_all_stay() -> None:
    fn = parse_fn(
        """fn f(v0: ptr.value) {
        b0:
          v1: ptr.stack = stack 8
          v2: i64 = const 5
          v3: i64 = const 1
          store v1 [+0 u64] v2
          store v1 [+1 u8] v3
          store v1 [+0 u64] v2
          v4: i64 = load v1 [+0 u64]
          ret v4
        }"""
    )
    assert names(agree(fn, MEM)).count("stdw") == 2


def test_a_jump_that_is_too_far_says_how_far() -> None:
    far = Block([Inst(MOVE_K, 0) for _ in range(33_000)])
    start = Block(test=Inst(OPS["jeq64_k"], 1), to=[Block(), far])
    with pytest.raises(TooLong, match="33001 slots"):
        emit(Function([start, far, start.to[0]]))


def test_two_arguments_arrive_in_r1_and_r2() -> None:
    fn = parse_fn("fn f(v0: i64, v1: i64) {\nb0:\n  v2: i64 = sub v0 v1\n  ret v2\n}")
    text = format_insns(lower(fn).insns)
    assert text == "    mov r0, r1\n    sub r0, r2\n    exit\n"
