"""Code made ready for a system: descriptors, CO-RE answers, and what the system lacks."""

from __future__ import annotations

import pytest

from kring.abi.asm import format_insns, parse
from kring.abi.code import decode, encode
from kring.abi.tracepoints import TraceField
from kring.btf.blob import Btf
from kring.btf.ext import CoreKind, CoreReloc, LineInfo
from kring.btf.types import Array, Composite, Enum, Int, Member
from kring.btf.write import Builder
from kring.errors import ObjectError
from kring.obj.object import MapRef, Program
from kring.obj.relocate import missing, relocate

K = CoreKind
TASK, SIGNED, STATE, EVENT = 3, 5, 6, 7


def types(where: str, *, at: int, size: int, values: tuple[int, int]) -> Btf:
    """A task with `pid` at byte `at`, `size` bytes wide, and an enum of two values."""
    b = Builder()
    b.add(Int("int", 4, 32))
    wide = b.add(Int("field", size, size * 8))
    assert b.add(Composite("task", 64, (Member("pid", wide, at * 8),))) == TASK
    signed = b.add(Int("signed", size, size * 8, signed=True))
    assert b.add(Composite("stask", 64, (Member("pid", signed, at * 8),))) == SIGNED
    enum = Enum("state", 8, tuple(zip("AB", values, strict=True)), signed=True, wide=True)
    assert b.add(enum) == STATE
    return Btf(b.bytes(), where=where)


LOCAL = types("program", at=0, size=4, values=(1, 2))
KERNEL = types("kernel", at=24, size=8, values=(-5, 2**40))


def patched(text: str, reloc: CoreReloc, target: Btf = KERNEL) -> str:
    program = Program("f", "xdp", encode(parse(text)), core=(reloc,))
    return format_insns(decode(relocate(program, {}, LOCAL, target))).strip()


def test_maps_become_descriptors() -> None:
    code = encode(parse("lddw %r1, 0\nlddw %r2, 0\nexit"))
    program = Program("f", "xdp", code, (MapRef(0, "m"), MapRef(2, ".data", 8)))
    first, second, _ = decode(relocate(program, {"m": 11, ".data": 12}))
    assert (first.src, first.imm) == (1, 11)
    assert (second.src, second.imm) == (2, 12 | 8 << 32)
    with pytest.raises(ObjectError, match=r"map '.data', which was not created"):
        relocate(program, {"m": 11})


@pytest.mark.parametrize(
    ("before", "type_id", "access", "kind", "after"),
    [
        ("mov %r1, 0", TASK, "0:0", K.FIELD_BYTE_OFFSET, "mov %r1, 24"),
        ("add %r1, 4", TASK, "0:0", K.FIELD_BYTE_SIZE, "add %r1, 8"),
        ("lddw %r1, 1", STATE, "0", K.ENUMVAL_VALUE, "lddw %r1, 0xfffffffffffffffb"),
        ("lddw %r1, 2", STATE, "1", K.ENUMVAL_VALUE, "lddw %r1, 0x10000000000"),
        ("mov %r1, 1", STATE, "0", K.ENUMVAL_VALUE, "mov %r1, -5"),
        ("ldxw %r1, [%r2+0]", TASK, "0:0", K.FIELD_BYTE_OFFSET, "ldxdw %r1, [%r2+24]"),
        ("stxw [%r2+0], %r1", TASK, "0:0", K.FIELD_BYTE_OFFSET, "stxdw [%r2+24], %r1"),
    ],
)
def test_answers_go_where_the_instruction_holds_them(
    before: str, type_id: int, access: str, kind: CoreKind, after: str
) -> None:
    expected = format_insns(parse(after)).strip()
    assert patched(before, CoreReloc(0, type_id, access, kind)) == expected


def test_a_signed_load_of_another_width_is_made_unreachable() -> None:
    reloc = CoreReloc(0, SIGNED, "0:0", K.FIELD_BYTE_OFFSET)
    assert "195896080" in patched("ldxw %r1, [%r2+0]", reloc)
    assert "195896080" not in patched("ldxw %r1, [%r2+0]", reloc, LOCAL)


def test_what_is_missing_is_made_unreachable_and_explained() -> None:
    empty = Builder()
    empty.add(Composite("task", 8, ()))
    target = Btf(empty.bytes(), where="kernel")
    code = encode(parse("lddw %r1, 0\nmov %r2, 1\nexit"))
    core = (
        CoreReloc(0, TASK, "0:0", K.FIELD_BYTE_OFFSET),
        CoreReloc(2, TASK, "0:0", K.FIELD_EXISTS),
    )
    program = Program("f", "xdp", code, core=core)
    ready = relocate(program, {}, LOCAL, target)
    assert ready[:8] == ready[8:16] == bytes.fromhex("850000001023ad0b")
    assert decode(ready)[2].imm == 0
    assert missing(program, LOCAL, target) == [(0, "struct task of kernel has no member 'pid'")]
    assert missing(program, LOCAL, KERNEL) == []


def test_a_program_runs_on_its_own_layout() -> None:
    reloc = CoreReloc(0, TASK, "0:0", K.FIELD_BYTE_OFFSET)
    assert patched("mov %r1, 0", reloc, LOCAL) == "mov r1, 0"


@pytest.mark.parametrize(
    ("text", "type_id", "access", "kind", "message"),
    [
        ("mov %r1, 99", TASK, "0:0", K.FIELD_BYTE_OFFSET, "slot 0 holds 99 where the object's own"),
        ("mov %r1, 2", TASK, "0:0", K.FIELD_EXISTS, "answer 1 to FIELD_EXISTS of task.pid"),
        ("ldxw %r1, [%r2+4]", TASK, "0:0", K.FIELD_BYTE_OFFSET, "slot 0 holds 4 "),
        ("lddw %r1, 7", STATE, "0", K.ENUMVAL_VALUE, "slot 0 holds 7 .* answer 1"),
        ("mov %r1, 2", STATE, "1", K.ENUMVAL_VALUE, "state.B is 1099511627776, beyond 32 bits"),
        ("ldxh %r1, [%r2+0]", TASK, "0:0", K.FIELD_BYTE_OFFSET, "4 bytes in the program and 8"),
    ],
)
def test_code_that_differs_from_what_its_types_say(
    text: str, type_id: int, access: str, kind: CoreKind, message: str
) -> None:
    with pytest.raises(ObjectError, match=message):
        patched(text, CoreReloc(0, type_id, access, kind))


def test_an_error_about_an_instruction_says_whose_it_is() -> None:
    line = LineInfo(0, "x.c", "    return task->pid;", 7, 5)
    two = Builder()
    for at in (0, 32):
        two.add(Composite("task", 64, (Member("pid", two.add(Int("int", 4, 32)), at),)))
    reloc = CoreReloc(0, TASK, "0:0", K.FIELD_BYTE_OFFSET)
    for held, lines, target, note in (
        (99, (line,), KERNEL, "  x.c:7: return task->pid;"),
        (99, (), KERNEL, '  in program "f", slot 0'),
        (0, (line,), Btf(two.bytes()), "  x.c:7: return task->pid;"),
    ):
        code = encode(parse(f"mov %r1, {held}"))
        program = Program("f", "xdp", code, core=(reloc,), lines=lines)
        with pytest.raises(ObjectError) as caught:
            relocate(program, {}, LOCAL, target)
        assert caught.value.__notes__ == [note]


def test_what_compilers_differ_about_is_not_held_against_them() -> None:
    """Ids of types move when objects are linked."""
    assert patched("mov %r1, 99", CoreReloc(0, TASK, "0", K.TYPE_ID_TARGET)) == "mov r1, 3"
    assert patched("mov %r1, 99", CoreReloc(0, TASK, "0", K.TYPE_ID_LOCAL)) == "mov r1, 3"


def test_a_lddw_that_holds_an_address_is_no_number() -> None:
    code = bytearray(encode(parse("lddw %r1, 0\nexit")))
    code[1] |= 0x10
    program = Program(
        "f", "xdp", bytes(code), core=(CoreReloc(0, TASK, "0:0", K.FIELD_BYTE_OFFSET),)
    )
    with pytest.raises(ObjectError, match="opcode 0x18 holds nothing to relocate"):
        relocate(program, {}, LOCAL, KERNEL)


@pytest.mark.parametrize(
    ("text", "slot", "message"),
    [
        ("exit", 0, "holds nothing to relocate"),
        ("mov %r1, %r2", 0, "holds nothing to relocate"),
        ("mov %r1, 0", 9, "past the end"),
    ],
)
def test_a_record_the_code_does_not_bear_out(text: str, slot: int, message: str) -> None:
    with pytest.raises(ObjectError, match=message):
        patched(text, CoreReloc(slot, TASK, "0:0", K.FIELD_BYTE_OFFSET))


def test_without_kernel_types_the_error_says_so() -> None:
    core = (CoreReloc(0, TASK, "0:0", K.FIELD_BYTE_OFFSET),)
    program = Program("f", "xdp", encode(parse("mov %r1, 0")), core=core)
    with pytest.raises(ObjectError, match="no kernel types"):
        relocate(program, {}, LOCAL, None)


def test_a_tracepoint_without_btf_is_resolved_from_its_format() -> None:
    b = Builder()
    int_ = b.add(Int("int", 4, 32, signed=True))
    names = ("dfd", "__data_loc_path", "gone")
    fields = tuple(Member(name, int_, at * 32) for at, name in enumerate(names))
    event = b.add(Composite("trace_event_raw_sys_enter_openat", 12, fields))
    core = tuple(
        CoreReloc(slot, event, access, kind)
        for slot, (access, kind) in enumerate(
            (
                ("0:0", K.FIELD_BYTE_OFFSET),
                ("0:1", K.FIELD_BYTE_OFFSET),
                ("0:2", K.FIELD_EXISTS),
                ("0:0", K.FIELD_BYTE_SIZE),
            )
        )
    )
    code = encode(parse("mov %r1, 0\nmov %r1, 4\nmov %r1, 1\nmov %r1, 4"))
    program = Program("f", "tracepoint/syscalls/sys_enter_openat", code, core=core)
    asked: list[str] = []

    def hooks(name: str) -> list[TraceField]:
        asked.append(name)
        return [
            TraceField("dfd", "long", 16, 8, True),
            TraceField("path", "__data_loc char[]", 24, 4, False),
        ]

    ready = decode(relocate(program, {}, Btf(b.bytes()), KERNEL, hooks))
    assert [insn.imm for insn in ready] == [16, 24, 0, 8]
    assert set(asked) == {"syscalls:sys_enter_openat"}


def test_a_struct_that_tracepoints_share_is_resolved_from_btf() -> None:
    """What C programs read of system calls: arguments by their number, which a format gives by
    their names."""

    def types(name: str, at: int) -> tuple[Btf, int]:
        b = Builder()
        long = b.add(Int("long", 8, 64))
        args = b.add(Array(long, long, 6))
        id = b.add(Composite(name, 96, (Member("id", long, at), Member("args", args, at + 64))))
        return Btf(b.bytes()), id

    def hooks(name: str) -> list[TraceField]:
        return [
            TraceField("__syscall_nr", "int", 8, 4, True),
            TraceField("ret", "long", 16, 8, True),
        ]

    code = encode(parse("mov %r1, 0\nmov %r1, 16"))
    for event, hook in (("sys_enter", "sys_enter_read"), ("sys_exit", "sys_exit_read")):
        local, id = types(f"trace_event_raw_{event}", 0)
        core = (
            CoreReloc(0, id, "0:0", K.FIELD_BYTE_OFFSET),
            CoreReloc(1, id, "0:1:1", K.FIELD_BYTE_OFFSET),
        )
        program = Program("f", f"tp/syscalls/{hook}", code, core=core)
        target, _ = types(f"trace_event_raw_{event}", 64)
        ready = decode(relocate(program, {}, local, target, hooks))
        assert [insn.imm for insn in ready] == [8, 24]
