"""What clang makes of all that C sources for BPF may hold: loaded and run in the kernel and in the
VM, and held against what libbpf says of the same file."""

from __future__ import annotations

import subprocess
import uuid
import warnings
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from kring import Kernel, NotPermitted, Vm, load
from kring.btf.blob import Btf
from kring.btf.types import DeclTag, Fwd, Kind
from kring.obj.elf_read import from_elf
from kring.obj.elf_write import to_elf
from kring.obj.object import Object
from peers import clang, tool

pytestmark = [pytest.mark.peer, pytest.mark.kernel]

PRELUDE = """
typedef unsigned char u8; typedef unsigned int u32; typedef unsigned long long u64;
typedef _Bool bool;
#define SEC(name) __attribute__((section(name), used))
#define __weak __attribute__((weak))
#define __ksym __attribute__((section(".ksyms")))
#define __kconfig __attribute__((section(".kconfig")))
#define __noinline __attribute__((noinline))
#define __uint(name, val) int (*name)[val]
#define __type(name, val) typeof(val) *name
#define __array(name, val) typeof(val) *name[]
enum libbpf_tristate { TRI_NO = 0, TRI_YES = 1, TRI_MODULE = 2 };
static void *(*lookup)(void *map, const void *key) = (void *)1;
static long (*update)(void *map, const void *key, const void *value, u64 flags) = (void *)2;
static long (*trace)(const char *fmt, u32 size, ...) = (void *)6;
static long (*tail_call)(void *ctx, void *map, u32 index) = (void *)12;
static long (*loop)(u32 times, void *body, void *ctx, u64 flags) = (void *)181;
char LICENSE[] SEC("license") = "GPL";
"""


@dataclass(frozen=True)
class Case:
    """A source, what its program `f` returns, and what libbpf 1.1 thinks of it (None: no matter).
    `vm` is where the VM gets what it must be told; None if it lacks something."""

    source: str
    value: int
    libbpf: bool | None = True
    vm: Vm | None = field(default_factory=Vm)
    options: tuple[str, ...] = ()
    rodata: tuple[tuple[str, Any], ...] = ()


CASES = {
    "settings": Case(
        """
        extern int LINUX_KERNEL_VERSION __kconfig;
        extern enum libbpf_tristate CONFIG_BPF __kconfig;
        extern bool CONFIG_BPF_SYSCALL __kconfig __weak;
        extern char CONFIG_DEFAULT_HOSTNAME[8] __kconfig __weak;
        extern u64 CONFIG_HZ __kconfig;
        extern u64 CONFIG_NO_SUCH_THING __kconfig __weak;
        SEC("raw_tp/sys_enter") int f(void *ctx) {
            return (LINUX_KERNEL_VERSION > 0x50000) + 2 * (CONFIG_BPF == TRI_YES)
                + 4 * CONFIG_BPF_SYSCALL + 8 * (CONFIG_HZ >= 100) + 16 * !CONFIG_NO_SUCH_THING
                + 32 * (CONFIG_DEFAULT_HOSTNAME[1] != 1);
        }
        """,
        63,
        vm=Vm(
            config={
                "LINUX_KERNEL_VERSION": 0x60000,
                "CONFIG_BPF": True,
                "CONFIG_BPF_SYSCALL": "y",
                "CONFIG_HZ": 250,
            }
        ),
    ),
    "symbols": Case(
        """
        struct rq { int cpu; };
        extern const void _stext __ksym;
        extern const void no_such_symbol __ksym __weak;
        extern const struct rq no_such_variable __ksym __weak;
        extern void bpf_no_such_function(int x) __ksym __weak;
        extern void bpf_rcu_read_lock(void) __ksym __weak;
        extern void bpf_rcu_read_unlock(void) __ksym __weak;
        SEC("raw_tp/sys_enter") int f(void *ctx) {
            int r = (u64)&_stext != 0;
            if (&no_such_symbol) r += 2;
            if (&no_such_variable) r += 4;
            if (bpf_no_such_function) { bpf_no_such_function(1); r += 8; }
            if (bpf_rcu_read_lock) { bpf_rcu_read_lock(); bpf_rcu_read_unlock(); r += 16; }
            return r;
        }
        """,
        17,
        vm=None,
    ),
    "maps in maps": Case(
        """
        struct inner {
            __uint(type, 2); __uint(max_entries, 2); __type(key, u32); __type(value, u64);
        };
        struct inner a SEC(".maps"), b SEC(".maps");
        struct {
            __uint(type, 12); __uint(max_entries, 3); __type(key, u32);
            __array(values, struct inner);
        } outer SEC(".maps") = { .values = { [1] = &a, [2] = &b } };
        struct {
            __uint(type, 13); __uint(max_entries, 3); __uint(key_size, 4);
            __array(values, struct { __uint(type, 1); __uint(max_entries, 9); __uint(key_size, 4);
                                     __uint(value_size, 8); });
        } by_key SEC(".maps");
        SEC("raw_tp/sys_enter") int f(void *ctx) {
            u32 one = 1, none = 0;
            u64 seven = 7;
            update(&b, &one, &seven, 0);
            u32 two = 2;
            void *map = lookup(&outer, &two);
            u64 *value = map ? lookup(map, &one) : 0;
            return (value ? *value : 0) + 10 * !lookup(&outer, &none) + 20 * !lookup(&by_key, &one);
        }
        """,
        37,
    ),
    "programs in maps": Case(
        """
        int target(void *ctx);
        struct {
            __uint(type, 3); __uint(max_entries, 3); __uint(key_size, 4);
            __array(values, int (void *));
        } jumps SEC(".maps") = { .values = { [2] = (void *)&target } };
        SEC("raw_tp/sys_enter") int f(void *ctx) {
            tail_call(ctx, &jumps, 1);
            tail_call(ctx, &jumps, 2);
            return 1;
        }
        SEC("raw_tp/sys_enter") int target(void *ctx) { return 9; }
        """,
        9,
    ),
    "sections of globals": Case(
        """
        const volatile u32 limit = 1;
        const volatile struct { u8 a; u32 b; } setting SEC(".rodata.mine") = { 2, 4 };
        u32 start SEC(".data.mine") = 8;
        static volatile u32 zero;
        volatile u64 more[3];
        static volatile u32 counter = 16;
        SEC("raw_tp/sys_enter") int f(void *ctx) {
            counter++;
            return limit + setting.a + setting.b + start + zero + more[2] + counter - 1;
        }
        """,
        31,
    ),
    "globals that are set": Case(
        """
        const volatile u32 limit = 1;
        const volatile bool wanted;
        const volatile char name[8];
        int total = 4;
        SEC("raw_tp/sys_enter") int f(void *ctx) {
            return limit + (wanted ? 100 : 0) + name[1] + total;
        }
        """,
        40 + 100 + ord("b") + 5,
        rodata=(("limit", 40), ("wanted", True), ("name", "ab"), ("total", 5)),
    ),
    "bss of another name": Case(
        """
        u32 mine SEC(".bss.mine");
        SEC("raw_tp/sys_enter") int f(void *ctx) { return ++mine; }
        """,
        1,
        libbpf=None,
    ),
    "texts": Case(
        """
        SEC("raw_tp/sys_enter") int f(void *ctx) {
            const char *text = "abcdefgh";
            asm volatile("" : "+r"(text));
            trace("seen %d", sizeof("seen %d"), 3);
            return text[7];
        }
        """,
        ord("h"),
    ),
    "functions": Case(
        """
        u64 total;
        static __noinline int twice(int x) { return 2 * x + total; }
        static __noinline int deep(int x) { return twice(x) + 1; }
        __weak __noinline int common(int x) { return x < 100 ? deep(x) + twice(x) : 0; }
        SEC("raw_tp/sys_enter") int f(void *ctx) { return common(10) + deep(1); }
        SEC("xdp") int other(void *ctx) { return twice(1) & 1 ? 1 : 2; }
        """,
        44,
    ),
    "a function called back": Case(
        """
        static int body(u32 at, u64 *sum) { *sum += at; return 0; }
        SEC("raw_tp/sys_enter") int f(void *ctx) {
            u64 sum = 0;
            loop(5, body, &sum, 0);
            return sum;
        }
        """,
        10,
    ),
    "a function for each entry": Case(
        """
        static long (*each)(void *map, void *body, void *ctx, u64 flags) = (void *)164;
        struct { __uint(type, 2); __uint(max_entries, 4); __type(key, u32); __type(value, u64); }
            squares SEC(".maps");
        static long body(void *map, u32 *key, u64 *value, u64 *sum) {
            *value = *key * *key;
            *sum += *value;
            return *key == 2;
        }
        SEC("raw_tp/sys_enter") int f(void *ctx) {
            u64 sum = 0;
            return each(&squares, body, &sum, 0) + 10 * sum;
        }
        """,
        53,
    ),
    "a static function in a program's section": Case(
        """
        u64 total;
        static __noinline SEC("raw_tp/sys_enter") int twice(int x) { return 2 * x + total; }
        SEC("raw_tp/sys_enter") int f(void *ctx) { return twice(3); }
        SEC("raw_tp/sys_exit") int g(void *ctx) { return twice(4); }
        """,
        6,
        libbpf=False,
    ),
    "types that kernels do not have": Case(
        """
        struct known; struct tagged { int x; };
        struct tagged __attribute__((btf_decl_tag("mine"))) kept;
        struct { struct known *p; int __attribute__((btf_type_tag("user"))) *q; } pointers;
        SEC("raw_tp/sys_enter") int f(void *ctx) { kept.x++; return !pointers.p + !pointers.q; }
        """,
        2,
    ),
    "two names of one function": Case(
        """
        SEC("raw_tp/sys_enter") int g(void *ctx) { return 3; }
        SEC("raw_tp/sys_enter") int f(void *ctx) __attribute__((alias("g")));
        """,
        3,
    ),
    "constants among texts": Case(
        """
        static u32 (*number)(void) = (void *)7;
        const char *const names[] = { "abc", "def" };
        static const char local[] = "xyz";
        SEC("raw_tp/sys_enter") int f(void *ctx) {
            return local[number() & 1] >= 'x';
        }
        """,
        1,
        libbpf=None,
    ),
    "static maps": Case(
        """
        static struct { __uint(type, 2); __uint(max_entries, 2); __type(key, u32);
                        __type(value, u64); } a SEC(".maps"), b SEC(".maps");
        SEC("raw_tp/sys_enter") int f(void *ctx) {
            u32 one = 1;
            u64 five = 5;
            update(&b, &one, &five, 0);
            u64 *p = lookup(&a, &one), *q = lookup(&b, &one);
            return p && q ? *p + 10 * *q : 0;
        }
        """,
        50,
        libbpf=False,
    ),
    "a lock among the globals": Case(
        """
        struct bpf_spin_lock { u32 val; };
        static struct bpf_spin_lock lock SEC(".data.locked");
        static u64 guarded SEC(".data.locked") = 4;
        static void (*acquire)(struct bpf_spin_lock *) = (void *)93;
        static void (*release)(struct bpf_spin_lock *) = (void *)94;
        SEC("tc") int f(void *ctx) {
            acquire(&lock);
            guarded += 3;
            release(&lock);
            return guarded;
        }
        """,
        7,
    ),
    "functions hidden from others": Case(
        """
        __attribute__((visibility("hidden"))) __noinline int helper(u32 *p) { return *p + 1; }
        SEC("raw_tp/sys_enter") int f(void *ctx) { u32 x = 3; return helper(&x); }
        """,
        4,
    ),
    "maps of the old form": Case(
        """
        struct bpf_map_def { u32 type, key_size, value_size, max_entries, map_flags; };
        struct bpf_map_def SEC("maps") first = { 2, 4, 8, 4 };
        struct bpf_map_def SEC("maps") second = { 1, 4, 8, 4, 1 };
        SEC("raw_tp/sys_enter") int f(void *ctx) {
            u32 key = 2;
            u64 five = 5;
            update(&second, &key, &five, 0);
            u64 *value = lookup(&second, &key);
            return (value ? *value : 0) + (lookup(&first, &key) != 0);
        }
        """,
        6,
        libbpf=False,
    ),
    "no types at all": Case(
        """
        u32 start = 3;
        static __noinline int twice(int x) { return 2 * x + start; }
        SEC("raw_tp/sys_enter") int f(void *ctx) { return twice(2); }
        """,
        7,
        options=("-g0",),
    ),
    "a version": Case(
        """
        u32 _version SEC("version") = 0x50a01;
        SEC("raw_tp/sys_enter") int f(void *ctx) { return 1; }
        """,
        1,
    ),
    "rings with types and of odd sizes": Case(
        """
        struct event { u32 pid; };
        struct { __uint(type, 27); __uint(max_entries, 5000); __type(value, struct event); }
            odd SEC(".maps");
        struct { __uint(type, 4); __uint(key_size, 4); __uint(value_size, 4); } perf SEC(".maps");
        SEC("raw_tp/sys_enter") int f(void *ctx) {
            u64 (*query)(void *, u64) = (void *)134;
            return query(&odd, 1);
        }
        """,
        8192,
        libbpf=None,
    ),
}


@pytest.fixture
def compiled(tmp_path: Path) -> Any:
    def compile(source: str, options: tuple[str, ...] = ()) -> Path:
        return clang(PRELUDE + source, tmp_path, "-mcpu=v3", *options)

    return compile


def opened(path: Path, case: Case) -> Object:
    return from_elf(path.read_bytes(), "x").replace(rodata=dict(case.rodata))


def result(obj: Object, on: Any) -> int:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with load(obj, on=on, attach=False) as s:
            packet = bytes(14 if obj.program("f").section == "tc" else 0)
            value: int = s.programs["f"].run(packet).value
            return value


@pytest.mark.parametrize("name", CASES)
def test_it_runs_and_libbpf_agrees(name: str, compiled: Any) -> None:
    case = CASES[name]
    path = compiled(case.source, case.options)
    obj = opened(path, case)
    try:
        assert result(obj, Kernel()) == case.value
        assert result(from_elf(to_elf(obj), "x"), Kernel()) == case.value
    except NotPermitted as error:
        pytest.skip(str(error))
    if case.vm is not None:
        assert result(obj, case.vm) == case.value
    if case.libbpf is not None:
        assert libbpf_loads(path) == case.libbpf


def libbpf_loads(path: Path) -> bool:
    pins = Path("/sys/fs/bpf") / f"kring-{uuid.uuid4().hex}"
    command = [tool("bpftool"), "prog", "loadall", str(path), str(pins)]
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    finally:
        with suppress(FileNotFoundError):
            for pin in pins.iterdir():
                pin.unlink()
            pins.rmdir()


def test_types_are_kept_as_the_kernel_takes_them(compiled: Any) -> None:
    obj = from_elf(compiled(CASES["types that kernels do not have"].source).read_bytes(), "x")
    btf = Btf(obj.btf)
    assert [t.name for t in btf if isinstance(t, DeclTag)] == ["mine"]
    assert "known" in [t.name for t in btf if isinstance(t, Fwd)]
    assert btf.find("user", Kind.TYPE_TAG)


def test_an_optional_program_and_a_version_are_read(compiled: Any) -> None:
    source = """
    u32 _version SEC("version") = 0x50a01;
    SEC("?tp/sched/sched_switch") int f(void *ctx) { return 1; }
    SEC("unknown/thing") int g(void *ctx) { return 1; }
    """
    obj = from_elf(compiled(source).read_bytes(), "x")
    assert obj.version == 0x50A01
    assert [(p.name, p.section, p.autoload) for p in obj.programs] == [
        ("f", "tp/sched/sched_switch", False),
        ("g", "unknown/thing", True),
    ]
    assert from_elf(to_elf(obj), "x").version == 0x50A01


def test_the_lines_of_functions_come_along(compiled: Any) -> None:
    case = CASES["functions"]
    obj = opened(compiled(case.source), case)
    f = obj.program("f")
    assert [one.name for one in f.functions] == ["f", "common", "deep", "twice"]
    first_lines = {line.slot: line.line_text for line in f.lines}
    for function in f.functions:
        assert f" {function.name}(" in first_lines[function.slot]
        assert function.type_id


def test_a_variable_of_the_kernels_lies_as_the_kernel_has_it(compiled: Any) -> None:
    source = """
    struct rq { int cpu; u32 nr_running; } __attribute__((preserve_access_index));
    extern const struct rq runqueues __ksym;
    static void *(*of_cpu)(const void *, u32) = (void *)153;
    SEC("raw_tp/sys_enter") int f(void *ctx) {
        struct rq *rq = of_cpu(&runqueues, 1);
        return rq ? rq->nr_running * 100 + rq->cpu : -1;
    }
    """
    obj = from_elf(compiled(source).read_bytes(), "x")
    given: dict[str, Any] = {"runqueues": {"cpu": 3, "nr_running": 5}}
    assert result(obj, Vm(ksyms=given)) == 503
    assert result(obj, Vm(btf="/sys/kernel/btf/vmlinux", ksyms=given)) == 503
