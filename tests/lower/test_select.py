"""Each form of selection: what it computes, and the instructions it comes down to."""

from __future__ import annotations

import pytest
from engines import agree, in_vm

from kring.abi.asm import format_insns
from kring.ir.core import MASK, ROWS, Core, Edge, Fn, Mem, Op, Space, Type, Value
from kring.ir.text import parse_fn
from kring.lower.code import Code
from kring.lower.lower import lower

NUMBERS = (0, 1, 5, 63, 64, 0xFFFF, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF, 1 << 32, 1 << 63,
           MASK, MASK - 4, -(1 << 31) & MASK, 0x1122_3344_5566_7788)  # fmt: skip
BINARY = [op for op, row in ROWS.items() if row.evaluate and row.args == 2]
UNARY = [
    (Op.NEG, None),
    *((Op.BSWAP, bits) for bits in (16, 32, 64)),
    *((op, bits) for op in (Op.ZEXT, Op.SEXT) for bits in (1, 8, 16, 31, 32, 33, 64)),
]


def function(op: Op, a: int | None, b: int | None, imm: int | None, branch: bool) -> Fn:
    """op on constants, and where those are None on numbers in memory; as a value or tested."""
    fn = Fn("f")
    block = fn.block()
    fn.blocks.append(block)
    block.params.append(mem := fn.value(Op.PARAM, type=Type(Space.VALUE)))

    def add(op: Op, *args: Value, imm: int | Mem | None = None) -> Value:
        block.body.append(value := fn.value(op, list(args), imm))
        return value

    def operand(at: int, number: int | None) -> Value:
        if number is not None:
            return add(Op.CONST, imm=number)
        return add(Op.LOAD, mem, imm=Mem(8 * at, 8))

    args = [operand(at, number) for at, number in enumerate((a, b)[: ROWS[op].args])]
    result = add(op, *args, imm=imm)
    if not branch:
        block.end = fn.value(Op.RET, [result])
        return fn
    yes, no = fn.block(), fn.block()
    fn.blocks += [yes, no]
    for way, number in ((yes, 1), (no, 0)):
        way.body.append(constant := fn.value(Op.CONST, [], number))
        way.end = fn.value(Op.RET, [constant])
    block.end, block.edges = fn.value(Op.BR, [result]), [Edge(yes), Edge(no)]
    return fn


@pytest.mark.parametrize("op", BINARY, ids=lambda op: op.value)
@pytest.mark.parametrize("constants", ["", "left", "right"])
def test_binary_ops_compute_what_the_table_says(op: Op, constants: str) -> None:
    compute = ROWS[op].evaluate
    assert compute is not None
    codes: dict[tuple[int | None, int | None], tuple[Code, Code]] = {}
    for a in NUMBERS:
        for b in NUMBERS:
            known = (a if constants == "left" else None, b if constants == "right" else None)
            mem = a.to_bytes(8, "little") + b.to_bytes(8, "little")
            if known not in codes:
                codes[known] = (
                    lower(function(op, *known, None, False)),
                    lower(function(op, *known, None, True)),
                )
            value, branch = codes[known]
            want = compute([a, b], 0)
            assert in_vm(value, mem) == want, (hex(a), hex(b))
            assert in_vm(branch, mem) == (want != 0), (hex(a), hex(b))


@pytest.mark.parametrize(("op", "imm"), UNARY, ids=str)
def test_unary_ops_compute_what_the_table_says(op: Op, imm: int | None) -> None:
    compute = ROWS[op].evaluate
    assert compute is not None
    code = lower(function(op, None, None, imm, False))
    for a in NUMBERS:
        assert in_vm(code, a.to_bytes(8, "little")) == compute([a], imm or 0)


def body(*lines: str, args: str = "v0: ptr.value") -> str:
    """The assembler text of a function of one block."""
    fn = parse_fn("\n".join((f"fn f({args}) {{", "b0:", *lines, "}")))
    return "; ".join(line.strip() for line in format_insns(lower(fn).insns).splitlines())


LOADED = "v1: i64 = load v0 [+0 u64]"
FORMS = {
    "constant operands need no register": (
        (LOADED, "v2: i64 = const -7", "v3: i64 = add v2 v1", "ret v3"),
        "ldxdw r0, [r1]; add r0, -7; exit",
    ),
    "a mask of 32 bits is a move of 32 bits": (
        (LOADED, "v2: i64 = const 4294967295", "v3: i64 = and v1 v2", "ret v3"),
        "ldxdw r0, [r1]; mov32 r0, r0; exit",
    ),
    "32 bits fit a move of 32 bits": (
        ("v1: i64 = const 2147483648", "ret v1"),
        "mov32 r0, -0x80000000; exit",
    ),
    "64 bits take two slots": (
        ("v1: i64 = const 4294967296", "ret v1"),
        "lddw r0, 0x100000000; exit",
    ),
    "sign extension is a pair of shifts": (
        ("v1: i64 = load v0 [+4 i32]", "ret v1"),
        "ldxw r0, [r1+4]; lsh r0, 32; arsh r0, 32; exit",
    ),
    "a constant is stored without a register": (
        ("v1: i64 = const 4294967295", "store v0 [+4 u32] v1", "v2: i64 = const 0", "ret v2"),
        "stw [r1+4], -1; mov r0, 0; exit",
    ),
    "the stack is addressed from the frame pointer": (
        (
            "v1: ptr.stack = stack 12", "v2: i64 = const 4", "v3: ptr.stack = add v1 v2",
            "store v3 [+2 u16] v2", "v4: i64 = load v1 [+0 u64]", "ret v4",
        ),
        "sth [r10-10], 4; ldxdw r0, [r10-16]; exit",
    ),
    "network order is one swap": (
        ("v1: i64 = load v0 [+0 u16]", "v2: i64 = bswap 16 v1", "ret v2"),
        "ldxh r0, [r1]; be16 r0; exit",
    ),
    "clearing uses the widest aligned stores": (
        ("zero v0 [+2 14]", "v1: i64 = const 0", "ret v1"),
        "sth [r1+2], 0; stw [r1+4], 0; stdw [r1+8], 0; mov r0, 0; exit",
    ),
    "clearing much is a call": (
        ("zero v0 [+8 256]", "v1: i64 = const 0", "ret v1"),
        "add r1, 8; mov r2, 256; mov r3, 0; call 113; mov r0, 0; exit",
    ),
    "the kernel refuses a division by the constant 0": (
        (LOADED, "v2: i64 = const 0", "v3: i64 = udiv v1 v2", "v4: i64 = umod v1 v2",
         "v5: i64 = add v3 v4", "ret v5"),
        "ldxdw r1, [r1]; mov r0, 0; add r0, r1; exit",
    ),
    "the sign is one shift": (
        (LOADED, "v2: i64 = const 0", "v3: i64 = slt v1 v2", "ret v3"),
        "ldxdw r0, [r1]; rsh r0, 63; exit",
    ),
    "comparing 32 bits needs no extension": (
        (LOADED, "v2: i64 = zext 32 v1", "v3: i64 = const 7", "v4: i64 = ult v2 v3", "ret v4"),
        "ldxdw r1, [r1]; mov r0, 1; jlt32 r1, 7, L4; mov r0, 0; L4:; exit",
    ),
    "comparing 32 signed bits needs none either": (
        ("v1: i64 = load v0 [+0 i32]", "v2: i64 = const -7", "v3: i64 = sgt v1 v2", "ret v3"),
        "ldxw r1, [r1]; mov r0, 1; jsgt32 r1, -7, L4; mov r0, 0; L4:; exit",
    ),
    "the sign of 32 bits is one shift": (
        ("v1: i64 = load v0 [+0 i32]", "v2: i64 = const 0", "v3: i64 = slt v1 v2", "ret v3"),
        "ldxw r0, [r1]; rsh32 r0, 31; exit",
    ),
    "a value that is extended for others too is extended": (
        ("v1: i64 = load v0 [+0 i32]", "v2: i64 = const 0", "v3: i64 = slt v1 v2",
         "v4: i64 = add v3 v1", "ret v4"),
        "ldxw r1, [r1]; lsh r1, 32; arsh r1, 32; mov r0, r1; rsh r0, 63; add r0, r1; exit",
    ),
    "a sum cut to 32 bits is a sum of 32 bits": (
        (LOADED, "v2: i64 = add v1 v1", "v3: i64 = zext 32 v2", "ret v3"),
        "ldxdw r0, [r1]; add32 r0, r0; exit",
    ),
    "a difference from nothing too": (
        (LOADED, "v2: i64 = neg v1", "v3: i64 = zext 32 v2", "ret v3"),
        "ldxdw r0, [r1]; neg32 r0; exit",
    ),
    "a mask of high bits of 32": (
        (LOADED, "v2: i64 = const 4278190080", "v3: i64 = and v1 v2", "ret v3"),
        "ldxdw r0, [r1]; and32 r0, -0x1000000; exit",
    ),
    "an address is compared in 32 bits": (
        ("v1: i64 = load v0 [+0 u32]", "v2: i64 = const 3232235777", "v3: i64 = eq v1 v2",
         "ret v3"),
        "ldxw r1, [r1]; mov r0, 1; jeq32 r1, -0x3f57feff, L4; mov r0, 0; L4:; exit",
    ),
    "small numbers are divided in 32 bits": (
        ("v1: i64 = load v0 [+0 u32]", "v2: i64 = const 10", "v3: i64 = udiv v1 v2", "ret v3"),
        "ldxw r0, [r1]; div32 r0, 10; exit",
    ),
    "a comparison is a value in three slots": (
        (LOADED, "v2: i64 = const 3", "v3: i64 = ugt v1 v2", "ret v3"),
        "ldxdw r1, [r1]; mov r0, 1; jgt r1, 3, L4; mov r0, 0; L4:; exit",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FORMS)
def test_form(name: str) -> None:
    lines, want = FORMS[name]
    assert body(*lines) == want


def test_context_takes_no_constants() -> None:
    lines = ("v1: i64 = const 1", "store v0 [+4 u32] v1", "ret v1")
    assert body(*lines, args="v0: ptr.ctx").startswith("mov r0, 1; stxw [r1+4], r0")


def test_maps_and_kernel_facts_are_recorded_by_slot() -> None:
    fn = parse_fn(
        """fn f(v0: ptr.btf) {
        b0:
          v1: i64 = load v0 [task_struct.tgid u32]
          v2: ptr.value = global "g" +8
          store v2 [+0 u32] v1
          v3: ptr.btf = field [task_struct.comm offset] v0
          v4: i64 = core [task_struct.comm size]
          v5: i64 = const 0
          v6: i64 = call "probe_read_kernel" v2 v4 v3
          v7: ptr.map = map "m"
          v8: i64 = call "map_delete_elem" v7 v2
          ret v5
        }"""
    )
    code = lower(fn)
    at: dict[int, str] = {}
    slot = 0
    for insn in code.insns:
        at[slot] = insn.op.name
        slot += insn.slots
    assert {map for _, map, _ in code.maps} == {"g", "m"}
    assert {offset for _, map, offset in code.maps if map == "g"} == {8}
    assert [at[slot] for slot, _, _ in code.maps] == ["lddw"] * len(code.maps)
    assert [(at[slot], fact) for slot, fact in code.core] == [
        ("ldxw", Core("task_struct", ("tgid",))),
        ("add64_k", Core("task_struct", ("comm",))),
        ("mov64_k", Core("task_struct", ("comm",), "size")),
    ]


def test_lines_change_where_the_source_does() -> None:
    fn = parse_fn(
        """fn f(v0: ptr.value) "f.py" {
        b0:
          v1: i64 = load v0 [+0 u64] @3:5-9
          v2: i64 = load v0 [+8 u64] @3:5-9
          v3: i64 = add v1 v2 @4:5-9
          ret v3 @5:5-9
        }"""
    )
    code = lower(fn)
    assert [(slot, span.line) for slot, span in code.lines] == [(0, 3), (2, 4), (3, 5)]


def test_branch_on_a_bit_mask_is_one_jump() -> None:
    fn = parse_fn(
        """fn f(v0: ptr.value) {
        b0:
          v1: i64 = load v0 [+0 u64]
          v2: i64 = const 6
          v3: i64 = and v1 v2
          br v3 b1 b2
        b1:
          ret v2
        b2:
          ret v1
        }"""
    )
    code = agree(fn, bytes(8))
    assert [insn.op.name for insn in code.insns].count("jset64_k") == 1
    assert "and64_k" not in {insn.op.name for insn in code.insns}
