"""Objects written as ELF and read back; what clang writes, and what other tools say of ours."""

from __future__ import annotations

import subprocess
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from kring.abi.asm import parse
from kring.abi.code import encode
from kring.abi.uapi import MapType
from kring.btf.blob import Btf
from kring.btf.ext import CoreKind, CoreReloc, LineInfo
from kring.btf.types import Array, Composite, Func, FuncProto, Int, Member, Ptr
from kring.btf.write import Builder
from kring.errors import ObjectError
from kring.obj.elf_read import from_elf
from kring.obj.elf_write import to_elf
from kring.obj.object import Function, Map, MapRef, Object, Program
from kring.record import replace
from peers import clang, tool


def code(*lines: str) -> bytes:
    return encode(parse("\n".join(lines)))


def sample() -> Object:
    """Two programs, both calling a copy of `helper`; every kind of map; CO-RE and lines."""
    b = Builder()
    u32, u64 = b.add(Int("u32", 4, 32)), b.add(Int("u64", 8, 64))
    char = b.add(Int("char", 1, 8, signed=True))
    comm = b.add(Array(char, u32, 16))
    exec_ = b.add(Composite("Exec", 20, (Member("pid", u32, 0), Member("comm", comm, 32))))
    task = b.add(Composite("task_struct", 8, (Member("tgid", u32, 0), Member("pid", u32, 32))))
    proto = b.add(FuncProto(u32, (("ctx", b.add(Ptr(0))),)))
    ids = {name: b.add(Func(name, proto)) for name in ("on_exec", "drop")}
    helper = b.add(Func("helper", b.add(FuncProto(u32, (("x", u32),))), 0))
    lines = (
        LineInfo(0, "exec.py", "def on_exec(ctx):", 3, 1),
        LineInfo(4, "exec.py", "    return helper(1)", 4, 12),
    )
    for line in lines:
        b.string(line.file)
        b.string(line.line_text)
    call_it = ("call local helper", "exit", "helper:", "mov %r0, %r1", "add %r0, 7", "exit")
    on_exec = code("lddw %r2, map_fd(0)", "lddw %r3, map_value(0)", "mov %r1, 4", *call_it)
    drop = code("mov %r1, 4", *call_it)
    return Object(
        "sample",
        (
            Program(
                "on_exec",
                "raw_tracepoint/sched_process_exec",
                on_exec,
                (MapRef(0, "events"), MapRef(2, ".data", 4)),
                (CoreReloc(4, task, "0:1", CoreKind.FIELD_BYTE_OFFSET),),
                (Function(0, "on_exec", ids["on_exec"]), Function(7, "helper", helper)),
                (*lines, LineInfo(7, "exec.py", "def helper(x):", 1, 1)),
            ),
            Program(
                "drop",
                "xdp",
                drop,
                functions=(Function(0, "drop", ids["drop"]), Function(3, "helper", helper)),
                lines=(replace(lines[0], slot=0), replace(lines[0], slot=3)),
            ),
        ),
        (
            Map("events", MapType.RINGBUF, max_entries=4096, record=exec_, drops=0),
            Map("counts", MapType.HASH, 4, 8, 64, key_type=u32, value_type=u64),
            Map("kring_drops", MapType.PERCPU_ARRAY, 4, 8, 1),
            Map("lpm", MapType.LPM_TRIE, 8, 4, 16, flags=1),
            Map("perf", MapType.PERF_EVENT_ARRAY, 4, 4, record=exec_),
            Map(".rodata", MapType.ARRAY, 4, 4, 1, 1152, data=b"\1\2\3\4"),
            Map(".data", MapType.ARRAY, 4, 8, 1, 1024, data=b"abcdefgh"),
            Map(".bss", MapType.ARRAY, 4, 16, 1, 1024, data=bytes(16)),
        ),
        b.bytes(),
        "Dual MIT/GPL",
    )


def test_an_object_survives_elf() -> None:
    obj = sample()
    read = from_elf(to_elf(obj), "sample")
    assert replace(read, btf=b"") == replace(obj, btf=b"")
    mine, theirs = Btf(obj.btf), Btf(read.btf)
    assert [theirs[id] for id in range(len(mine))] == list(mine)
    assert from_elf(to_elf(read), "sample") == read


def test_an_object_without_types_survives_elf() -> None:
    program = Program(
        "f", "xdp", code("lddw %r1, map_fd(0)", "mov %r0, 2", "exit"), (MapRef(0, "m"),)
    )
    obj = Object("plain", (program,), (Map("m", MapType.ARRAY, 4, 8, 1),))
    read = from_elf(to_elf(obj), "plain")
    assert read.program("f").functions == (Function(0, "f"),)
    assert replace(read.program("f"), functions=()) == program
    assert (read.maps, read.license) == (obj.maps, "GPL")


def test_an_address_of_a_function_survives_elf() -> None:
    """BPF_PSEUDO_FUNC, which helpers such as bpf_loop take."""
    program = Program(
        "f",
        "xdp",
        bytes.fromhex("1842000003000000" + "00" * 8)
        + code("mov %r0, 2", "exit", "mov %r0, 0", "exit"),
        functions=(Function(0, "f"), Function(4, "body")),
    )
    assert from_elf(to_elf(Object("o", (program,))), "o").program("f") == program


def test_subprograms_come_in_the_order_of_calls() -> None:
    """first calls deep, which comes before second, as libbpf puts them."""
    first = ("call local a", "call local c", "exit", "a:", "call local b", "exit")
    body = code(*first, "b:", "exit", "c:", "exit")
    names = ((0, "main"), (3, "first"), (5, "deep"), (6, "second"))
    program = Program("main", "tc", body, functions=tuple(Function(*row) for row in names))
    assert from_elf(to_elf(Object("o", (program,))), "o").program("main") == program


@pytest.mark.parametrize(
    ("program", "message"),
    [
        (Program("f", "xdp", code("lddw %r1, 0", "exit"), (MapRef(0, "gone"),)), "no map named"),
        (
            Program("f", "xdp", code("call local x", "exit", "x:", "exit")),
            "call at slot 0 is to no function",
        ),
        (
            Program("f", "xdp", code("lddw %r1, 0", "exit"), (MapRef(0, "m", 4),)),
            "only addresses inside maps of globals",
        ),
    ],
)
def test_what_cannot_be_written(program: Program, message: str) -> None:
    with pytest.raises(ObjectError, match=message):
        to_elf(Object("o", (program,), (Map("m", MapType.ARRAY, 4, 8, 1),)))


INNER = Map("", MapType.ARRAY, 4, 4, 1)


@pytest.mark.parametrize(
    "map",
    [
        Map("jumps", MapType.PROG_ARRAY, 4, 4, 2, values=((0, "gone"),)),
        Map("struct", MapType.STRUCT_OPS, data=bytes(8), value_type=1, values=((0, "gone"),)),
        Map("maps", MapType.ARRAY_OF_MAPS, 4, 4, 1, values=((0, "gone"),), inner=INNER),
    ],
    ids=lambda map: map.name,
)
def test_maps_that_hold_what_is_not_there_cannot_be_written(map: Map) -> None:
    b = Builder()
    b.add(Composite("ops", 8, (Member("f", b.add(Ptr(0)), 0),)))
    with pytest.raises(ObjectError, match=r"no (program|map) named 'gone'"):
        to_elf(Object("o", (), (map,), b.bytes()))


@pytest.mark.parametrize("data", [b"", b"\x7fELF", b"\x9f\xeb" + bytes(100), bytes(64)])
def test_what_is_no_elf(data: bytes) -> None:
    with pytest.raises(ObjectError, match="x: "):
        from_elf(data, "x")


def test_an_elf_for_another_machine(tmp_path: Path) -> None:
    data = bytearray(to_elf(sample()))
    data[18] = 62
    with pytest.raises(ObjectError, match="EM_X86_64, not for BPF"):
        from_elf(bytes(data), "x")


def test_local_symbols_come_first() -> None:
    """As every ELF has them, and the table says where the others begin."""
    from elftools.elf.elffile import ELFFile  # pyright: ignore[reportMissingTypeStubs]

    file: Any = ELFFile(BytesIO(to_elf(sample())))
    table = file.get_section_by_name(".symtab")
    local = [symbol["st_info"]["bind"] == "STB_LOCAL" for symbol in table.iter_symbols()]
    assert local == sorted(local, reverse=True)
    assert table["sh_info"] == sum(local)


@pytest.mark.peer
@pytest.mark.kernel
def test_libbpf_loads_what_we_write(tmp_path: Path, pins: Path) -> None:
    bpftool, path = tool("bpftool"), tmp_path / "sample.bpf.o"
    path.write_bytes(to_elf(sample()))
    command = [bpftool, "prog", "loadall", str(path), str(pins)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert {pin.name for pin in pins.iterdir()} == {"on_exec", "drop"}
    command = [bpftool, "prog", "dump", "xlated", "pinned", str(pins / "on_exec")]
    shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "; def on_exec(ctx):" in shown
    assert "u32 helper(u32 x):" in shown


CLANG = """
typedef unsigned int u32;
typedef unsigned long long u64;
#define SEC(name) __attribute__((section(name), used))
struct task_struct { int tgid; struct task_struct *real_parent; }
    __attribute__((preserve_access_index));
struct event { u32 pid; char comm[16]; };
struct { int (*type)[27]; int (*max_entries)[4096]; struct event *value; } events SEC(".maps");
struct { int (*type)[1]; int (*max_entries)[64]; u32 *key; u64 *value; } counts SEC(".maps");
const volatile u32 limit = 7;
u64 total;
u32 start = 9;
static __attribute__((noinline)) int first(u32 x) { return x * 5 + total; }
static __attribute__((noinline)) int helper(u32 x) { return x * 3 + total; }
SEC("raw_tracepoint/sched_process_exec") int on_exec(void *ctx) {
    struct task_struct *task = ((struct task_struct *(*)(void))35)();
    u32 key = 1;
    u64 *found = ((void *(*)(void *, void *))1)(&counts, &key);
    if (found) *found += limit;
    int tgid;
    ((int (*)(void *, u32, void *))113)(&tgid, 4, __builtin_preserve_access_index(&task->tgid));
    ((int (*)(void *, void *, u64, u64))130)(&events, &tgid, 4, 0);
    start++;
    return helper(tgid);
}
SEC("xdp") int drop(void *ctx) { return helper(start) + first(limit) ? 2 : 1; }
char LICENSE[] SEC("license") = "GPL";
"""


@pytest.mark.peer
def test_what_clang_writes_is_read(tmp_path: Path) -> None:
    obj = from_elf(clang(CLANG, tmp_path).read_bytes(), "x")
    btf = Btf(obj.btf)
    assert {p.name: p.section for p in obj.programs} == {
        "on_exec": "raw_tracepoint/sched_process_exec",
        "drop": "xdp",
    }
    assert {m.name for m in obj.maps} == {"events", "counts", ".rodata", ".data", ".bss"}
    events, counts = obj.map("events"), obj.map("counts")
    assert (events.value_size, btf.name(events.record)) == (0, "event")
    assert (counts.key_size, counts.value_size, counts.max_entries) == (4, 8, 64)
    assert obj.map(".rodata").data == b"\7\0\0\0"
    assert obj.map(".data").data == b"\t\0\0\0"
    on_exec = obj.program("on_exec")
    assert [f.name for f in on_exec.functions] == ["on_exec", "helper"]
    assert {(r.access, btf.name(r.type_id)) for r in on_exec.core} == {("0:0", "task_struct")}
    assert {f.name for f in obj.program("drop").functions} == {"drop", "helper", "first"}
    assert {m.map for m in on_exec.maps} == {"events", "counts", ".rodata", ".data", ".bss"}
    assert any("helper(tgid)" in line.line_text for line in on_exec.lines)
    assert from_elf(to_elf(obj), "x").programs == obj.programs
