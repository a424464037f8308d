"""Static probes of a library that the test makes: arguments in registers, memory and constants,
differently at each place, behind a semaphore."""

from __future__ import annotations

import ctypes
import os
import shutil
import struct
import subprocess
from pathlib import Path

import pytest

from kring import (
    Program,
    Registers,
    RingBuf,
    Struct,
    build,
    char,
    i32,
    i64,
    load,
    u8,
    u64,
    usdt,
    user_str,
)
from kring.abi.asm import parse
from kring.abi.code import encode
from kring.abi.uapi import MapType
from kring.abi.usdt import Place, parse_arguments, spec
from kring.errors import AttachError, CompileError
from kring.obj.elf_read import from_elf
from kring.obj.object import Map, Object
from kring.obj.object import Program as Built
from kring.run.kernel.kernel import Kernel
from kring.run.kernel.notes import sites
from kring.run.target import Hook
from peers import clang

COOKIE = """
    call 174
    stxdw [r10-8], r0
    lddw r1, map_fd({})
    mov r2, r10
    add r2, -8
    mov r3, 0
    call 87
    mov r0, 0
    exit
"""
"""bpf_get_attach_cookie, bpf_map_push_elem."""

SOURCE = r"""
#define PROBE(name, semaphore, arguments, ...) asm volatile( \
    "990: nop\n" \
    ".pushsection .note.stapsdt,\"\",\"note\"\n.balign 4\n" \
    ".4byte 992f-991f, 994f-993f, 3\n991: .asciz \"stapsdt\"\n992: .balign 4\n" \
    "993: .8byte 990b, _.stapsdt.base, " semaphore "\n" \
    ".asciz \"kring\"\n.asciz \"" name "\"\n.asciz \"" arguments "\"\n994: .balign 4\n" \
    ".popsection\n.ifndef _.stapsdt.base\n" \
    ".pushsection .stapsdt.base,\"aG\",\"progbits\",.stapsdt.base,comdat\n" \
    ".weak _.stapsdt.base\n.hidden _.stapsdt.base\n_.stapsdt.base: .space 1\n" \
    ".size _.stapsdt.base, 1\n.popsection\n.endif" :: __VA_ARGS__)

volatile unsigned short enabled __attribute__((section(".probes"), visibility("hidden")));

int is_enabled(void) { return enabled; }

void call(int number, long big, const char *text)
{
    long memory[4] = {1, 2, big, 4};
    volatile long index = 2;
    register long at asm("rcx") = index;
    register long *base asm("rdx") = memory;
    asm volatile("" : "+r"(at), "+r"(base) : : "memory");
    PROBE("call", "enabled", "-4@%k0 8@%1 8@%2 -2@$-7 8f@%%xmm0",
          "r"(number), "m"(memory[2]), "r"(text));
    PROBE("call", "enabled", "-4@%k0 -8@(%q3,%q1,8) 8@%2 4@$9 8f@%%xmm0",
          "r"(number), "r"(at), "r"(text), "r"(base), "m"(memory));
}

void plain(long low) { PROBE("plain", "0", "1@%b0", "q"(low)); }
"""


SEEN = r"""
#include <linux/bpf.h>
#include <linux/ptrace.h>
#include <stdbool.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <bpf/usdt.bpf.h>
struct call { long number, big, constant; int errors[3], count; };
struct {
    __uint(type, BPF_MAP_TYPE_ARRAY); __uint(max_entries, 2);
    __type(key, __u32); __type(value, struct call);
} seen SEC(".maps");
__u32 calls = 0;
SEC("usdt") int on_call(struct pt_regs *ctx)
{
    __u32 key = calls++;
    struct call *call = bpf_map_lookup_elem(&seen, &key);
    if (!call) return 0;
    call->count = bpf_usdt_arg_cnt(ctx);
    call->errors[0] = bpf_usdt_arg(ctx, 0, &call->number);
    call->errors[1] = bpf_usdt_arg(ctx, 1, &call->big);
    call->errors[2] = bpf_usdt_arg(ctx, 3, &call->constant);
    return 0;
}
char LICENSE[] SEC("license") = "GPL";
"""


class Call(Struct):
    big: i64
    number: i32
    constant: i32
    text: str = char(32)


calls = RingBuf[Call](1 << 16)


def test_forms() -> None:
    text = (
        "-4@%edi 8@-24(%rbp) 4@8(%rax,%rbx,4) 4@$-7 8@(%r12) 2@(,%rsi,2) 8f@%xmm0 1@%r9b 8@x(%rip)"
    )
    assert parse_arguments(text) == [
        Place(4, True, base="di"),
        Place(8, False, memory=True, base="bp", offset=-24),
        Place(4, False, memory=True, base="ax", index="bx", scale=4, offset=8),
        Place(4, False, constant=-7),
        Place(8, False, memory=True, base="r12"),
        Place(2, False, memory=True, index="si", scale=2),
        None,
        Place(1, False, base="r9"),
        None,
    ]


def test_forms_as_libbpf_has_them() -> None:
    """struct __bpf_usdt_spec: 12 arguments, a cookie, how many arguments there are."""
    data = spec("-4@%edi 8@-24(%rbp) 4@8(%rax,%rbx,4) 2@$-7 8f@%xmm0 1@(,%rsi,2)")
    assert len(data) == 208
    assert struct.unpack_from("<Qh", data, 192) == (0, 6)
    rows = list(struct.iter_unpack("<qBHBhBB", data[:192]))
    assert rows[:4] == [
        (0, 1, 0, 0, 14 * 8, 1, 32),
        (-24, 2, 0, 0, 4 * 8, 0, 0),
        (8, 3, 5 * 8 | 2 << 12, 0, 10 * 8, 0, 32),
        (-7, 0, 0, 0, 0, 0, 48),
    ]
    assert [row[1] for row in rows[4:6]] == [255, 255]
    assert set(rows[6:]) == {(0, 0, 0, 0, 0, 0, 0)}


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    compiler = shutil.which("cc") or shutil.which("clang")
    if compiler is None:
        pytest.skip("no C compiler makes a library with probes")
    path = tmp_path_factory.mktemp("usdt")
    (path / "probes.c").write_text(SOURCE)
    command = [compiler, "-O1", "-shared", "-fPIC", "-o", "libprobes.so", "probes.c"]
    subprocess.run(command, cwd=path, check=True)
    return path / "libprobes.so"


def programs(library: Path) -> dict[str, Program]:
    @usdt(str(library), "kring", "call")
    def call(number: i32, big: i64, text: u64, constant: i32) -> None:
        with calls.reserve() as e:
            e.number = number
            e.big = big
            e.text = user_str(text)
            e.constant = constant

    @usdt(str(library), "kring", "plain")
    def plain(low: u8) -> None:
        with calls.reserve() as e:
            e.number = low

    @usdt(str(library), "kring", "plain")
    def registers(regs: Registers) -> None:
        with calls.reserve() as e:
            e.big = regs.ip & 0xFFF

    return {"call": call, "plain": plain, "registers": registers}


@pytest.mark.kernel
def test_arguments_at_each_place(library: Path) -> None:
    lib = ctypes.CDLL(str(library))
    call = programs(library)["call"]
    assert lib.is_enabled() == 0
    with load(call, pid=os.getpid()) as s:
        assert lib.is_enabled() == 2
        lib.call(-5, ctypes.c_long(-(2**40)), b"hello")
        found = [(e.number, e.big, e.text, e.constant) for e in s[calls].poll(timeout=1)]
        assert found == [(-5, -(2**40), "hello", -7), (-5, -(2**40), "hello", 9)]
    assert lib.is_enabled() == 0
    lib.call(1, ctypes.c_long(2), b"")


@pytest.mark.kernel
def test_programs_that_look_for_the_form_in_a_map(library: Path) -> None:
    """As those made with usdt.bpf.h do: the cookie says where in the map the form is."""
    lib = ctypes.CDLL(str(library))
    rows = Map("__bpf_usdt_specs", MapType.ARRAY, 4, 208, 2)
    seen = Map("seen", MapType.QUEUE, 0, 8, 8)
    section = f"usdt/{library}:kring:call"
    runtime = Kernel().open(Object("test", ()))
    try:
        specs, cookies = runtime.create_map(rows), runtime.create_map(seen)
        code = encode(parse(COOKIE.format(cookies.fd)))
        program = runtime.load(Built("program", section, code), code)
        links = [program.attach(Hook(pid=os.getpid())) for _ in range(2)]
        lib.call(1, ctypes.c_long(2), b"")
        for link in links:
            link.close()
        found = [int.from_bytes(cookies.take() or b"", "little") for _ in range(4)]
        assert found == [0, 0, 1, 1]
        forms = [spec(site.arguments) for site in sites(f"{library}:kring:call")]
        assert [specs.lookup(n.to_bytes(4, "little")) for n in range(2)] == forms
        with pytest.raises(AttachError, match=r"more forms than the map __bpf_usdt_specs takes, 2"):
            program.attach(Hook(target=f"{library}:kring:plain"))
    finally:
        runtime.close()


@pytest.mark.kernel
@pytest.mark.peer
def test_a_program_made_with_usdt_bpf_h(library: Path, tmp_path: Path) -> None:
    lib = ctypes.CDLL(str(library))
    with load(from_elf(clang(SEEN, tmp_path).read_bytes(), "seen")) as s:
        assert "names no usdt: say which" in s.unattached["on_call"]
        s.programs["on_call"].attach(target=f"{library}:kring:call", pid=os.getpid())
        lib.call(-5, ctypes.c_long(-(2**40)), b"hello")
        first = s.maps["seen"][0]
        assert (first.number, first.big, first.constant) == (-5, -(2**40), -7)
        assert (list(first.errors), first.count) == ([0, 0, 0], 5)


@pytest.mark.kernel
def test_one_place_without_semaphore(library: Path) -> None:
    lib = ctypes.CDLL(str(library))
    known = programs(library)
    with load(known["plain"], known["registers"]) as s:
        lib.plain(ctypes.c_long(0x1FF))
        found = {(e.number, bool(e.big)) for e in s[calls].poll(timeout=1)}
        assert found == {(255, False), (0, True)}


@pytest.mark.kernel
@pytest.mark.parametrize(
    ("probe", "message"),
    [
        ("cal", r"has no probe kring:cal. Did you mean kring:call\?"),
        ("another_one", "has no probe kring:another_one. It has: kring:call, kring:plain"),
    ],
)
def test_probes_that_are_not_there(library: Path, probe: str, message: str) -> None:
    @usdt(str(library), "kring", probe)
    def program() -> None:
        pass

    session = load(program)
    with pytest.raises(AttachError, match=message):
        session.__enter__()


@pytest.mark.kernel
def test_arguments_that_are_not_there(library: Path) -> None:
    @usdt(str(library), "kring", "plain")
    def too_many(low: u8, high: u8) -> None:
        pass

    @usdt(str(library), "kring", "call")
    def floating(a: u64, b: u64, c: u64, d: u64, e: u64) -> None:
        pass

    for program, message in (
        (too_many, "kring:plain has 1 argument "),
        (floating, "is where programs do not reach"),
    ):
        session = load(program)
        with pytest.raises(CompileError, match=message):
            session.__enter__()
        with pytest.raises(CompileError, match="known only where its file is"):
            build(program)
