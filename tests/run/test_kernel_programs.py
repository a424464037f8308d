"""Programs in the running kernel: loaded, refused with reasons, test-run."""

from __future__ import annotations

import pytest
from kernel_programs import RETURN_7, RING, code, load, output, runtime, u64

from kring.btf.ext import LineInfo
from kring.btf.types import Func, FuncProto
from kring.btf.write import Builder
from kring.errors import LoadError, NotSupported, VerifierError
from kring.obj.object import Function, Object, Program
from kring.run.kernel import programs
from kring.run.kernel.verdict import caret, refused

pytestmark = pytest.mark.kernel

BAD_POINTER = code("ldxdw r0, [r1+0]\nldxdw r0, [r0+0]\nexit")
SOURCE = "        e.filename = ctx.filename"
LINES = (
    LineInfo(0, "exec_snoop.py", "def on_exec(ctx):", 20, 1),
    LineInfo(1, "exec_snoop.py", SOURCE, 29, 22),
)


def typed_object() -> tuple[Object, int]:
    """An object whose BTF has a function, and the strings of `LINES`."""
    types = Builder()
    proto = types.add(FuncProto(0, ()))
    function = types.add(Func("on_exec", proto, 0))
    for line in LINES:
        types.string(line.file)
        types.string(line.line_text)
    return Object("test", (), btf=types.bytes()), function


def test_load_and_run_a_syscall_program() -> None:
    with runtime() as rt:
        program = load(rt, "syscall", RETURN_7)
        assert program.run().value == 7
        assert program.info().insns_processed == 2


def test_a_syscall_programs_context_comes_back() -> None:
    with runtime() as rt:
        text = "ldxdw r2, [r1+0]\nadd r2, 1\nstxdw [r1+0], r2\nmov r0, 0\nexit"
        program = load(rt, "syscall", code(text))
        assert program.run(ctx=u64(41)).ctx == u64(42)
        assert program.run(ctx=u64(0), repeat=3).ctx == u64(3)


def test_a_raw_tracepoint_reads_its_arguments() -> None:
    with runtime() as rt:
        program = load(rt, "raw_tp/sched_process_exec", code("ldxdw r0, [r1+8]\nexit"))
        assert program.run(ctx=u64(1) + u64(99)).value == 99
        with pytest.raises(LoadError, match="takes no data and only the context"):
            program.run(data=b"x")


def test_a_packet_and_its_context() -> None:
    text = """
        ldxw r2, [r1+0]
        ldxw r3, [r1+4]
        mov r4, r2
        add r4, 14
        mov r0, 1
        jgt r4, r3, +2
        stb [r2+0], 0xaa
        mov r0, 2
        exit
    """
    with runtime() as rt:
        program = load(rt, "xdp", code(text))
        result = program.run(data=bytes(64), repeat=100)
        assert result.value == 2
        assert result.data == b"\xaa" + bytes(63)
        assert result.duration_ns >= 0
        with pytest.raises(LoadError, match="at least 14 bytes, got 3"):
            program.run(data=b"abc")


def test_a_kind_the_kernel_cannot_run() -> None:
    with runtime() as rt:
        program = load(rt, "tp/sched/sched_process_exec", RETURN_7)
        with pytest.raises(NotSupported, match=r"ENOTSUPP: .* cannot test-run tracepoint programs"):
            program.run()


def test_a_section_without_a_kind() -> None:
    with runtime() as rt, pytest.raises(LoadError, match="'mystery/x', which names no kind"):
        load(rt, "mystery/x", RETURN_7)


def test_refusal_without_lines_names_the_slot() -> None:
    with runtime() as rt, pytest.raises(VerifierError) as caught:
        load(rt, "raw_tp/sched_process_exec", BAD_POINTER, name="on_exec")
    assert str(caught.value).split("\n")[0] == (
        'the kernel\'s verifier refused program "on_exec" at slot 1:'
        " this is a number, and no pointer that may be followed"
    )
    assert "processed 2 insns" in caught.value.log
    assert "processed" not in str(caught.value)


def test_refusal_points_at_the_users_line() -> None:
    obj, function = typed_object()
    program = Program(
        "on_exec",
        "raw_tp/sched_process_exec",
        BAD_POINTER,
        functions=(Function(0, "on_exec", function),),
        lines=LINES,
    )
    with runtime(obj) as rt, pytest.raises(VerifierError) as caught:
        rt.load(program, program.code)
    first, source, mark, *rest = str(caught.value).split("\n")
    assert first == (
        'exec_snoop.py:29:22: the kernel\'s verifier refused program "on_exec":'
        " this is a number, and no pointer that may be followed"
    )
    assert source == "    e.filename = ctx.filename"
    assert source[mark.index("^")] == "c"
    assert rest[1:3] == ["The verifier said:", "    R0 invalid mem access 'scalar'"]
    assert "`kring check FILE --verifier-log`" in rest[-1]
    assert "e.filename = ctx.filename @ exec_snoop.py:29" in caught.value.log


def test_function_and_line_info_are_accepted() -> None:
    obj, function = typed_object()
    program = Program(
        "on_exec",
        "syscall",
        RETURN_7,
        functions=(Function(0, "on_exec", function),),
        lines=LINES,
    )
    with runtime(obj) as rt:
        assert rt.load(program, program.code).run().value == 7


def test_a_log_larger_than_the_first_buffer_is_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(programs, "_SMALLEST_LOG", 128)
    with runtime() as rt, pytest.raises(VerifierError) as caught:
        load(rt, "raw_tp/sched_process_exec", BAD_POINTER)
    assert caught.value.log.startswith("0: R1=ctx()")
    assert "processed 2 insns" in caught.value.log


def test_a_valid_program_loads_whatever_its_log_would_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(programs, "_SMALLEST_LOG", 128)
    monkeypatch.setattr(programs, "_LARGEST_LOG", 128)
    with runtime() as rt:
        load(rt, "syscall", RETURN_7)


def verdict(log: str) -> str:
    lines = tuple(LineInfo(n, "f.py", f"line {n}", n, 1) for n in range(10))
    return str(refused(Program("p", "xdp", b"", lines=lines), 22, log)).split("\n")[0]


def test_the_slot_a_verdict_names_wins() -> None:
    assert verdict("0: (b7) r0 = 0\nunreachable insn 5\nprocessed 0 insns\n").startswith("f.py:5:1")


def test_the_last_instruction_shown_is_the_one_meant() -> None:
    log = "2: (b7) r0 = 0 ; R0_w=0\n; x = y @ f.py:3\n3: (95) exit\nR0 leaks addr as return value\n"
    assert verdict(log) == (
        'f.py:3:1: the kernel\'s verifier refused program "p": R0 leaks addr as return value'
    )


def test_a_refusal_without_a_word() -> None:
    assert verdict("") == (
        'the kernel\'s verifier refused program "p": EINVAL, and it did not say why'
    )


def test_caret_counts_from_the_text_shown() -> None:
    assert caret(LineInfo(0, "f.py", "  ab = cd", 1, 8)) == ["    ab = cd", "         ^"]
    assert caret(LineInfo(0, "f.py", "ab = cd", 1, 80)) == ["    ab = cd"]
    assert caret(LineInfo(0, "f.py", "", 1, 1)) == []


def test_output_reaches_the_ring() -> None:
    with runtime() as rt:
        ring = rt.create_map(RING)
        assert load(rt, "syscall", output(ring.fd)).run().value == 0
        assert ring.ring().producer[0] == 16
