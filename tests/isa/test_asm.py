"""Text, instructions and bytes: any instruction survives both round trips."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kring.abi.asm import format_insn, format_insns, parse
from kring.abi.code import decode, encode
from kring.abi.isa import BY_CODE, FREE, IMM64, LEGACY, OPS, Insn, Op, Pseudo
from kring.errors import AsmError, ObjectError

S16, S32 = st.integers(-(1 << 15), (1 << 15) - 1), st.integers(-(1 << 31), (1 << 31) - 1)
REGISTER = st.integers(0, 10)


@st.composite
def insns(draw: st.DrawFn) -> Insn:
    """Any instruction of the set with any operands it allows."""
    op = draw(st.sampled_from(list(OPS.values())))
    fields = {"dst": REGISTER, "src": REGISTER, "off": S16, "imm": S32}
    if op.form == IMM64:
        fields |= {"src": st.sampled_from(list(Pseudo)), "imm": st.integers(0, (1 << 64) - 1)}
    return Insn(op, **{name: int(draw(fields[name])) for name in sorted(FREE[op.form])})


@given(st.lists(insns(), max_size=40))
def test_bytes_round_trip(program: list[Insn]) -> None:
    assert decode(encode(program)) == program


@given(st.lists(insns(), max_size=40))
def test_text_round_trip(program: list[Insn]) -> None:
    assert parse(format_insns(program)) == program
    assert [i for insn in program for i in parse(format_insn(insn))] == program


@given(st.binary(max_size=64))
def test_any_bytes_decode_or_are_refused(code: bytes) -> None:
    try:
        program = decode(code)
    except ObjectError:
        return
    assert encode(program) == code


@given(st.text(max_size=60))
def test_any_text_parses_or_is_refused(text: str) -> None:
    with suppress(AsmError):
        parse(text)


def test_no_two_rows_encode_alike() -> None:
    """Per opcode byte, the fixed fields tell the rows apart."""
    for code, rows in BY_CODE.items():
        assert code not in LEGACY
        keys = {(op.src, op.off, op.imm) for op in rows}
        assert len(keys) == len(rows), hex(code)


@pytest.mark.parametrize(
    ("insn", "words"),
    [
        (Insn(OPS["mov64_k"], imm=1 << 31), "imm of mov64_k is 0x80000000"),
        (Insn(OPS["ja"], off=-40_000), "off of ja"),
        (Insn(OPS["add64_x"], dst=11), "dst of add64_x is 0xb"),
        (Insn(OPS["exit"], imm=1), "exit reserves imm"),
        (Insn(OPS["lddw"], imm=-1), "imm of lddw is -0x1"),
        (Insn(OPS["atomic_add64"], imm=1), "atomic_add64 reserves imm"),
    ],
)
def test_encode_refuses(insn: Insn, words: str) -> None:
    with pytest.raises(ObjectError, match=words):
        encode([insn])


def test_decode_refuses_half_a_slot() -> None:
    with pytest.raises(ObjectError, match="12 bytes of code are not a whole number"):
        decode(bytes(12))


def test_format_shows_labels_for_targets_inside() -> None:
    text = format_insns(parse("again:\nlddw r1, 0x123456789\njeq r1, 0, again\nja +7\nexit"))
    assert text == ("L0:\n    lddw r1, 0x123456789\n    jeq r1, 0, L0\n    ja +7\n    exit\n")


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("ADD64 %r1, %R2", "add r1, r2"),
        ("lock fetch xchg [%r1 + 0x10], r2", "lock xchg [r1+16], r2"),
        ("call helper 6", "call 6"),
        ("call runtime 0x2a", "call kfunc 42"),
        ("call kfunc 42@3", "call kfunc 42@3"),
        ("lddw r1, MAP_VALUE(3, 16)", "lddw r1, map_value(3, 16)"),
        ("ldxdw r0, [r1+0]", "ldxdw r0, [r1]"),
        ("jne32 r1, 0xffffffff, -2", "jne32 r1, -1, -2"),
        ("swap64 r3", "bswap64 r3"),
    ],
)
def test_dialect(text: str, canonical: str) -> None:
    (insn,) = parse(text)
    assert format_insn(insn) == canonical


def one(op: Op) -> Insn:
    """The op with small valid operands."""
    return Insn(op, **dict.fromkeys(FREE[op.form], 1))


@pytest.mark.parametrize("op", OPS.values(), ids=lambda op: op.name)
def test_every_row_is_readable(op: Op) -> None:
    assert parse(format_insn(one(op))) == [one(op)]
