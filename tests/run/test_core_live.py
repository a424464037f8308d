"""CO-RE against the running kernel: programs find what its BTF says, read here once more."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from asking import Question, ask
from foreign import Foreign

from kring import Kernel
from kring.abi.asm import parse
from kring.abi.code import encode
from kring.abi.uapi import MapType
from kring.btf.blob import Btf
from kring.btf.ext import CoreKind, CoreReloc
from kring.btf.types import Array, Composite, Enum, Fwd, Int, Kind, Member, Ptr
from kring.obj.elf_read import from_elf
from kring.obj.object import Map, MapRef, Object, Program
from kring.obj.relocate import relocate
from peers import clang, tool

pytestmark = pytest.mark.kernel
VMLINUX = Path("/sys/kernel/btf/vmlinux")
STRUCTS = ("task_struct", "mm_struct", "file", "inode", "sk_buff", "sock", "net_device", "cred")
K = CoreKind


@pytest.fixture(scope="module")
def vmlinux() -> Btf:
    if not VMLINUX.exists():
        pytest.skip("this kernel publishes no BTF")
    return Btf(VMLINUX.read_bytes(), where="vmlinux")


def members(btf: Btf, id: int, base: int = 0) -> Iterator[tuple[str, int, int, int]]:
    """Name, type, bit offset and width of each field, those of anonymous members among them."""
    composite = btf[id]
    assert isinstance(composite, Composite)
    for member in composite.members:
        at = base + member.bit_offset
        if member.name:
            yield member.name, member.type, at, member.bitfield_size
        elif isinstance(btf[btf.strip(member.type)], Composite):
            yield from members(btf, btf.strip(member.type), at)


def stand_in(f: Foreign, btf: Btf, id: int) -> int:
    """A type that a program could declare in place of the kernel's: it knows less of it."""
    type = btf[btf.strip(id)]
    match type:
        case Ptr():
            return f.void
        case Array(of, _, count):
            return f.array(stand_in(f, btf, of), count)
        case Int(_, size, signed=signed):
            return f.types.add(Int("number", size, size * 8, signed=signed))
        case Enum():
            return f.types.add(Enum("", 4, (("ONE", 1),)))
        case _:
            return f.types.add(Composite("other", 4, ()))


@pytest.mark.parametrize("name", STRUCTS)
def test_every_field_is_found_where_the_kernel_has_it(name: str, vmlinux: Btf) -> None:
    id = vmlinux.find(name, Kind.STRUCT)
    assert id is not None
    fields = list(members(vmlinux, id))
    f = Foreign()
    declared = [Member(row[0], stand_in(f, vmlinux, row[1]), 0) for row in reversed(fields)]
    declared.append(Member("no_such_field", f.u32, 0))
    mine = f.types.add(Composite(f"{name}___mine", 8, tuple(declared)))
    questions: list[Question] = []
    expected: list[int] = []
    for at, (_, type, offset, bits) in enumerate(reversed(fields)):
        size = vmlinux.size(type)
        access = f"0:{at}"
        if bits:
            questions.append(Question(mine, access, K.FIELD_RSHIFT_U64))
            expected.append(64 - bits)
            continue
        questions += [
            Question(mine, access, kind)
            for kind in (K.FIELD_BYTE_OFFSET, K.FIELD_BYTE_SIZE, K.FIELD_EXISTS)
        ]
        expected += [offset // 8, size, 1]
    questions += [
        Question(mine, f"0:{len(fields)}", K.FIELD_EXISTS),
        Question(mine, "0", K.TYPE_SIZE),
        Question(mine, "0", K.TYPE_ID_TARGET),
        Question(mine, "0", K.TYPE_EXISTS),
    ]
    expected += [0, vmlinux.size(id), id, 1]
    assert ask(f.types.bytes(), questions, Kernel()) == expected
    assert len(fields) > 15


def test_enumerators_have_the_kernels_numbers(vmlinux: Btf) -> None:
    f = Foreign()
    values = (("BPF_MAP_TYPE_RINGBUF", 0), ("BPF_MAP_TYPE_HASH", 5), ("BPF_MAP_TYPE_NONE_SUCH", 1))
    mine = f.types.add(Enum("bpf_map_type", 4, values))
    kinds = [("0", K.ENUMVAL_VALUE), ("1", K.ENUMVAL_VALUE), ("2", K.ENUMVAL_EXISTS)]
    questions = [Question(mine, access, kind) for access, kind in kinds]
    assert ask(f.types.bytes(), questions, Kernel()) == [MapType.RINGBUF, MapType.HASH, 0]


def fields_of_task(*fields: tuple[str, str | tuple[str, int]]) -> tuple[bytes, int]:
    """A task of these fields: integers by their names in `Foreign`, pointers to structs by theirs,
    arrays of characters, which have no sign in the kernel, by their lengths."""
    f = Foreign()
    rows: list[Member] = []
    for name, spelled in fields:
        if isinstance(spelled, tuple):
            type = f.array(f.types.add(Int("char", 1, 8)), spelled[1])
        elif hasattr(f, spelled):
            type = getattr(f, spelled)
        else:
            type = f.types.add(Ptr(f.types.add(Fwd(spelled))))
        rows.append(Member(name, type, 0))
    mine = f.types.add(Composite("task_struct", 64, tuple(rows)))
    return f.types.bytes(), mine


@pytest.mark.parametrize(
    ("fields", "matches"),
    [
        ((("pid", "i32"), ("tgid", "i32")), 1),
        ((("pid", "u32"),), 0),
        ((("pid", "i64"),), 0),
        ((("mm", "mm_struct"),), 1),
        ((("mm", "file"),), 0),
        ((("comm", ("char", 16)),), 1),
        ((("comm", ("char", 17)),), 0),
        ((("pidd", "i32"),), 0),
    ],
    ids=str,
)
def test_what_matches_the_kernels_type(
    fields: tuple[tuple[str, str | tuple[str, int]], ...], matches: int
) -> None:
    types, mine = fields_of_task(*fields)
    assert ask(types, [Question(mine, "0", K.TYPE_MATCHES)], Kernel()) == [matches]


def test_a_load_through_the_tasks_own_layout() -> None:
    """The process of whoever runs the program, and its group leader's, by loads that the verifier
    follows."""
    f = Foreign()
    task = [("exit_code", f.i32, 0), ("group_leader", f.void, 8), ("tgid", f.i32, 40)]
    f.define("task_struct", 48, task)
    text = """
        call 158                # get_current_task_btf
        mov %r6, %r0
        lddw %r2, 0
        ldxw %r1, [%r6+40]
        stxdw [%r2+0], %r1
        ldxdw %r6, [%r6+8]
        ldxw %r1, [%r6+40]
        stxdw [%r2+8], %r1
        mov %r0, 0
        exit"""
    core = tuple(
        CoreReloc(slot, f.named("task_struct"), access, K.FIELD_BYTE_OFFSET)
        for slot, access in ((4, "0:2"), (6, "0:1"), (7, "0:2"))
    )
    code = encode(parse(text))
    program = Program("walk", "raw_tp/sched_switch", code, (MapRef(2, "out", 0),), core)
    out = Map("out", MapType.ARRAY, 4, 16, 1)
    runtime = Kernel().open(Object("walk", (program,), (out,)))
    try:
        made = runtime.create_map(out)
        local = Btf(f.types.bytes())
        runtime.load(program, relocate(program, {"out": made.fd}, local, runtime.btf)).run()
        found = made.lookup(bytes(4))
    finally:
        runtime.close()
    assert found == os.getpid().to_bytes(8, "little") * 2


CLANG = """
typedef unsigned int u32;
typedef unsigned long long u64;
#define SEC(name) __attribute__((section(name), used))
#define CORE __attribute__((preserve_access_index))
#define FIELD(x, kind) __builtin_preserve_field_info(x, kind)
struct list_head { struct list_head *next, *prev; } CORE;
struct task_struct___c { int tgid; char comm[16]; struct list_head tasks; void *mm;
    unsigned sched_reset_on_fork:1; struct task_struct___c *real_parent; int gone;
    struct { int pid; }; } CORE;
struct signal_struct { int is_child_subreaper:1; short oom_score_adj; } CORE;
struct rlimit___x { u64 rlim_cur; } CORE;
struct file___none_such { int x; } CORE;
struct qstr { union { struct { u32 hash; u32 len; }; u64 hash_len; }; const char *name; } CORE;
struct pid___tail { int level; struct { int nr; void *ns; } numbers[]; } CORE;
enum pid_type { PIDTYPE_PID = 40, PIDTYPE_TGID, PIDTYPE_SID, PIDTYPE_LOST };
enum bpf_map_type___y { BPF_MAP_TYPE_RINGBUF = 3 };
typedef int pid_t;
u64 out[64];
#define TASK ((struct task_struct___c *)0)
#define SIGNAL ((struct signal_struct *)0)
SEC("xdp") int fields(void *ctx) {
    out[0] = FIELD(TASK->tgid, 0); out[1] = FIELD(TASK->tgid, 1);
    out[2] = FIELD(TASK->tgid, 2); out[3] = FIELD(TASK->tgid, 3);
    out[4] = FIELD(TASK->tgid, 4); out[5] = FIELD(TASK->tgid, 5);
    out[6] = FIELD(TASK->comm, 1); out[7] = FIELD(TASK->comm[3], 0);
    out[8] = FIELD(TASK->tasks.prev, 0); out[9] = FIELD(TASK->gone, 2);
    out[10] = FIELD(TASK->pid, 0); out[11] = FIELD(TASK->real_parent, 0);
    out[12] = FIELD(TASK->sched_reset_on_fork, 0); out[13] = FIELD(TASK->sched_reset_on_fork, 1);
    out[14] = FIELD(TASK->sched_reset_on_fork, 4); out[15] = FIELD(TASK->sched_reset_on_fork, 5);
    out[16] = FIELD(SIGNAL->is_child_subreaper, 4); out[17] = FIELD(SIGNAL->is_child_subreaper, 3);
    out[18] = FIELD(SIGNAL->oom_score_adj, 0); out[19] = FIELD(SIGNAL->oom_score_adj, 3);
    out[20] = FIELD(((struct qstr *)0)->len, 0); out[21] = FIELD(((struct qstr *)0)->name, 0);
    out[22] = FIELD(((struct pid___tail *)0)->numbers[5].ns, 0);
    return 2;
}
SEC("xdp") int types(void *ctx) {
    out[30] = __builtin_preserve_type_info(*TASK, 0);
    out[31] = __builtin_preserve_type_info(*TASK, 1);
    out[32] = __builtin_preserve_type_info(*(struct file___none_such *)0, 1);
    out[33] = __builtin_preserve_type_info(*(struct rlimit___x *)0, 1);
    out[34] = __builtin_preserve_type_info(*(pid_t *)0, 1);
    out[35] = __builtin_btf_type_id(*TASK, 1);
    out[36] = __builtin_btf_type_id(*TASK, 0);
    out[37] = __builtin_preserve_type_info(*(struct btf_none *)0, 0);
    return 2;
}
SEC("xdp") int values(void *ctx) {
    out[40] = __builtin_preserve_enum_value(*(enum pid_type *)PIDTYPE_TGID, 0);
    out[41] = __builtin_preserve_enum_value(*(enum pid_type *)PIDTYPE_TGID, 1);
    out[42] = __builtin_preserve_enum_value(*(enum pid_type *)PIDTYPE_LOST, 0);
    out[43] = __builtin_preserve_enum_value(*(enum bpf_map_type___y *)BPF_MAP_TYPE_RINGBUF, 1);
    return 2;
}
char LICENSE[] SEC("license") = "GPL";
"""


def by_libbpf(object: Path, pins: Path, packet: Path) -> bytes:
    """What the programs of an object leave in .bss if libbpf loads them."""

    def bpftool(*args: str) -> str:
        done = subprocess.run([tool("bpftool"), *args], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    pins.mkdir()
    where = str(pins / "programs")
    bpftool("prog", "loadall", str(object), where, "pinmaps", str(pins / "maps"))
    for pin in (pins / "programs").iterdir():
        bpftool("prog", "run", "pinned", str(pin), "data_in", str(packet))
    (bss,) = (pins / "maps").glob("*bss")
    shown = json.loads(bpftool("-j", "map", "dump", "pinned", str(bss)))
    return bytes(int(byte, 16) for byte in shown[0]["value"])


def by_kring(object: Path, packet: Path) -> bytes:
    obj = from_elf(object.read_bytes(), "clang")
    local = Btf(obj.btf)
    runtime = Kernel().open(obj)
    try:
        made = {spec.name: runtime.create_map(spec) for spec in obj.maps}
        fds = {name: one.fd for name, one in made.items()}
        for program in obj.programs:
            code = relocate(program, fds, local, runtime.btf)
            runtime.load(program, code).run(packet.read_bytes())
        found = made[".bss"].lookup(bytes(4))
    finally:
        runtime.close()
    assert found is not None
    return found


@pytest.mark.peer
def test_libbpf_answers_the_same_to_every_kind_that_clang_asks(
    tmp_path: Path, pins: Path, vmlinux: Btf
) -> None:
    object, packet = clang(CLANG, tmp_path), tmp_path / "packet"
    packet.write_bytes(bytes(64))
    asked = {reloc.kind for one in from_elf(object.read_bytes(), "").programs for reloc in one.core}
    assert asked == set(CoreKind) - {CoreKind.TYPE_MATCHES}
    found = by_kring(object, packet)
    assert found == by_libbpf(object, pins, packet)
    numbers = [int.from_bytes(found[at : at + 8], "little") for at in range(0, len(found), 8)]
    task, file = (vmlinux.find(name, Kind.STRUCT) for name in ("task_struct", "file"))
    assert task is not None
    assert file is not None
    assert numbers[31:33] == [vmlinux.size(task), vmlinux.size(file)]
    assert (numbers[9], numbers[35], numbers[37]) == (0, task, 0)
    assert numbers[40:44] == [1, 1, 0, MapType.RINGBUF]
