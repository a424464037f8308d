"""What clang makes of C where `tests/objects` cannot say what comes of it: objects that are told
something before they are loaded, and what of a source must be in the object."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from kring import Kernel, NotPermitted, Vm, load
from kring.btf.blob import Btf
from kring.btf.types import DeclTag, Fwd, Kind
from kring.obj.elf_read import from_elf
from kring.obj.elf_write import to_elf
from kring.obj.object import Object
from peers import clang

pytestmark = [pytest.mark.peer, pytest.mark.kernel]


def compiled(source: str, into: Path) -> Object:
    return from_elf(clang(f'#include "common.h"\n{source}', into).read_bytes(), "x")


def result(obj: Object, on: Any) -> int:
    try:
        with load(obj, on=on, attach=False) as s:
            value: int = s.programs["f"].run().value
            return value
    except NotPermitted as error:
        pytest.skip(str(error))


SETTINGS = {"LINUX_KERNEL_VERSION": 0x60000, "CONFIG_BPF": True, "CONFIG_BPF_SYSCALL": "y",
            "CONFIG_HZ": 250}  # fmt: skip


@pytest.mark.parametrize("on", [Kernel(), Vm(config=SETTINGS)], ids=["kernel", "vm"])
def test_settings_are_the_kernels_or_the_vms(tmp_path: Path, on: Any) -> None:
    source = """
        extern int LINUX_KERNEL_VERSION __kconfig;
        extern enum libbpf_tristate CONFIG_BPF __kconfig;
        extern _Bool CONFIG_BPF_SYSCALL __kconfig __weak;
        extern char CONFIG_DEFAULT_HOSTNAME[8] __kconfig __weak;
        extern u64 CONFIG_HZ __kconfig;
        extern u64 CONFIG_NO_SUCH_THING __kconfig __weak;
        SEC("raw_tp/sys_enter") int f(void *ctx) {
            return (LINUX_KERNEL_VERSION > 0x50000) + 2 * (CONFIG_BPF == TRI_YES)
                + 4 * CONFIG_BPF_SYSCALL + 8 * (CONFIG_HZ >= 100) + 16 * !CONFIG_NO_SUCH_THING
                + 32 * (CONFIG_DEFAULT_HOSTNAME[1] != 1);
        }
        """
    assert result(compiled(source, tmp_path), on) == 63


@pytest.mark.parametrize("on", [Kernel(), Vm()], ids=["kernel", "vm"])
def test_globals_are_set_before_loading(tmp_path: Path, on: Any) -> None:
    source = """
        const volatile u32 limit = 1;
        const volatile _Bool wanted;
        const volatile char name[8];
        int total = 4;
        SEC("raw_tp/sys_enter") int f(void *ctx) {
            return limit + (wanted ? 100 : 0) + name[1] + total;
        }
        """
    obj = compiled(source, tmp_path)
    changed = obj.replace(rodata={"limit": 40, "wanted": True, "name": "ab", "total": 5})
    assert result(changed, on) == 40 + 100 + ord("b") + 5


def test_two_names_of_one_function_are_two_programs(tmp_path: Path) -> None:
    source = """
        SEC("raw_tp/sys_enter") int g(void *ctx) { return 3; }
        SEC("raw_tp/sys_enter") int f(void *ctx) __attribute__((alias("g")));
        """
    obj = compiled(source, tmp_path)
    assert [program.name for program in obj.programs] == ["f", "g"]
    for one in (obj, from_elf(to_elf(obj), "x")):
        assert result(one, Kernel()) == result(one, Vm()) == 3


def test_types_are_kept_as_the_kernel_takes_them(tmp_path: Path) -> None:
    source = """
        struct known; struct tagged { int x; };
        struct tagged __attribute__((btf_decl_tag("mine"))) kept;
        struct { struct known *p; int __attribute__((btf_type_tag("user"))) *q; } pointers;
        SEC("raw_tp/sys_enter") int f(void *ctx) { kept.x++; return !pointers.p + !pointers.q; }
        """
    obj = compiled(source, tmp_path)
    btf = Btf(obj.btf)
    assert [t.name for t in btf if isinstance(t, DeclTag)] == ["mine"]
    assert "known" in [t.name for t in btf if isinstance(t, Fwd)]
    assert btf.find("user", Kind.TYPE_TAG)


def test_an_optional_program_and_a_version_are_read(tmp_path: Path) -> None:
    source = """
    u32 _version SEC("version") = 0x50a01;
    SEC("?tp/sched/sched_switch") int f(void *ctx) { return 1; }
    SEC("unknown/thing") int g(void *ctx) { return 1; }
    """
    obj = compiled(source, tmp_path)
    assert obj.version == 0x50A01
    assert [(p.name, p.section, p.autoload) for p in obj.programs] == [
        ("f", "tp/sched/sched_switch", False),
        ("g", "unknown/thing", True),
    ]
    assert from_elf(to_elf(obj), "x").version == 0x50A01


def test_the_lines_of_functions_come_along(tmp_path: Path) -> None:
    source = """
        u64 total;
        static __noinline int twice(int x) { return 2 * x + total; }
        static __noinline int deep(int x) { return twice(x) + 1; }
        __weak __noinline int common(int x) { return x < 100 ? deep(x) + twice(x) : 0; }
        SEC("raw_tp/sys_enter") int f(void *ctx) { return common(10) + deep(1); }
        SEC("xdp") int other(void *ctx) { return twice(1) & 1 ? 1 : 2; }
        """
    obj = compiled(source, tmp_path)
    f = obj.program("f")
    assert [one.name for one in f.functions] == ["f", "common", "deep", "twice"]
    first_lines = {line.slot: line.line_text for line in f.lines}
    for function in f.functions:
        assert f" {function.name}(" in first_lines[function.slot]
        assert function.type_id


def test_a_variable_of_the_kernels_lies_as_the_kernel_has_it(tmp_path: Path) -> None:
    source = """
    struct rq { int cpu; u32 nr_running; } __attribute__((preserve_access_index));
    extern const struct rq runqueues __ksym;
    static void *(*of_cpu)(const void *, u32) = (void *)153;
    SEC("raw_tp/sys_enter") int f(void *ctx) {
        struct rq *rq = of_cpu(&runqueues, 1);
        return rq ? rq->nr_running * 100 + rq->cpu : -1;
    }
    """
    obj = compiled(source, tmp_path)
    given: dict[str, Any] = {"runqueues": {"cpu": 3, "nr_running": 5}}
    assert result(obj, Vm(ksyms=given)) == 503
    assert result(obj, Vm(btf="/sys/kernel/btf/vmlinux", ksyms=given)) == 503
