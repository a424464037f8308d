"""Kernel functions found in a kernel's types, and what is said where they are not as declared."""

from __future__ import annotations

import runpy
import subprocess
import uuid
from pathlib import Path

import pytest

from kring import Kernel, Vm, build, load
from kring.btf.blob import Btf
from kring.btf.types import Composite, DeclTag, Func, FuncProto, Int, Ptr
from kring.btf.write import Builder
from kring.errors import LoadError, NotPermitted
from kring.obj.elf_read import from_elf
from kring.obj.elf_write import to_elf
from kring.obj.kfuncs import find_kfunc
from kring.obj.object import Function, KfuncRef, Object, Program
from peers import clang, tool


def kernel() -> Btf:
    """A kernel with `int bpf_count(struct task_struct *p, u64 n)`, which programs may call."""
    b = Builder()
    i32, u64 = b.add(Int("int", 4, 32, signed=True)), b.add(Int("u64", 8, 64))
    task = b.add(Ptr(b.add(Composite("task_struct", 8, ()))))
    count = b.add(Func("bpf_count", b.add(FuncProto(i32, (("p", task), ("n", u64)))), 0))
    b.add(DeclTag("bpf_kfunc", count))
    b.add(Func("bpf_internal", b.add(FuncProto(0)), 0))
    return Btf(b.bytes())


def declared(ret: str, *params: str) -> tuple[Btf, int]:
    """The types of an object whose `bpf_count` takes and returns these."""
    b = Builder()
    made = {
        "void": 0,
        "i32": b.add(Int("int", 4, 32, signed=True)),
        "u32": b.add(Int("unsigned int", 4, 32)),
        "u64": b.add(Int("unsigned long long", 8, 64)),
        "any": b.add(Ptr(0)),
        "task": b.add(Ptr(b.add(Composite("task_struct", 0, ())))),
        "sock": b.add(Ptr(b.add(Composite("sock", 0, ())))),
    }
    proto = FuncProto(made[ret], tuple((f"p{n}", made[p]) for n, p in enumerate(params)))
    id = b.add(Func("bpf_count", b.add(proto)))
    return Btf(b.bytes()), id


@pytest.mark.parametrize(
    ("types", "difference"),
    [
        (("i32", "task", "u64"), None),
        (("u32", "any", "u64"), None),
        (("i32", "task"), r"takes 2 arguments \(struct task_struct \* p, u64 n\), not 1"),
        (("i32", "task", "u32"), None),
        (("i32", "sock", "u64"), None),
        (("i32", "task", "sock"), r"'n' is u64, not struct sock \*"),
        (("i32", "u64", "u64"), r"'p' is struct task_struct \*, not unsigned long long"),
        (("void", "task", "u64"), "returns int, not void"),
    ],
)
def test_the_prototype_is_compared(types: tuple[str, ...], difference: str | None) -> None:
    local, id = declared(*types)
    target = kernel()
    ref = KfuncRef(0, "bpf_count", id)
    if difference is None:
        assert target.name(find_kfunc(ref, local, target)) == "bpf_count"
        return
    with pytest.raises(LoadError, match=difference):
        find_kfunc(ref, local, target)


def test_a_missing_one_suggests_one_that_programs_may_call() -> None:
    local, id = declared("i32", "task", "u64")
    with pytest.raises(LoadError, match=r"no function 'bpf_coumt'.* Did you mean 'bpf_count'\?"):
        find_kfunc(KfuncRef(0, "bpf_coumt", id), local, kernel())


def test_an_extern_of_the_elf_comes_back() -> None:
    local, id = declared("i32", "task", "u64")
    code = bytes.fromhex("85200000000000009500000000000000")
    refs = (KfuncRef(0, "bpf_count", id),)
    program = Program("p", "syscall", code, functions=(Function(0, "p", 0),), kfuncs=refs)
    back = from_elf(to_elf(Object("o", (program,), (), local.data)), "o")
    assert back.programs[0].code == code
    assert back.programs[0].kfuncs == refs
    assert Btf(back.btf)[id] == local[id]


SOURCE = """
typedef int s32;
struct bpf_iter_num { unsigned long long state; };
extern int bpf_iter_num_new(struct bpf_iter_num *it, int start, int end)
    __attribute__((section(".ksyms")));
extern int *bpf_iter_num_next(struct bpf_iter_num *it) __attribute__((section(".ksyms")));
extern void bpf_iter_num_destroy(struct bpf_iter_num *it) __attribute__((section(".ksyms")));

__attribute__((section("syscall"), used)) int count(void *ctx)
{
    struct bpf_iter_num it;
    int *n, sum = 0;
    bpf_iter_num_new(&it, 3, 40);
    while ((n = bpf_iter_num_next(&it)))
        sum += *n;
    bpf_iter_num_destroy(&it);
    return sum;
}
char _license[] __attribute__((section("license"), used)) = "GPL";
"""


@pytest.mark.peer
def test_what_clang_declares_runs_in_the_vm_and_in_the_kernel(tmp_path: Path) -> None:
    obj = from_elf(clang(SOURCE, tmp_path, "-mcpu=v3").read_bytes(), "count")
    assert {ref.name for ref in obj.programs[0].kfuncs} == {
        "bpf_iter_num_new",
        "bpf_iter_num_next",
        "bpf_iter_num_destroy",
    }
    for target in (Vm(), Kernel()):
        try:
            with load(obj, on=target) as s:
                assert s.programs["count"].run().value == sum(range(3, 40))
        except NotPermitted:
            pytest.skip("not permitted")


@pytest.mark.peer
@pytest.mark.kernel
def test_libbpf_loads_what_we_write(tmp_path: Path) -> None:
    source = Path(__file__).parents[1] / "cases" / "kfuncs" / "iterate.py"
    obj = build(runpy.run_path(str(source))["add"])
    path, pin = tmp_path / "add.bpf.o", Path(f"/sys/fs/bpf/kring-test-{uuid.uuid4().hex[:8]}")
    obj.write(str(path))
    try:
        command = [tool("bpftool"), "prog", "load", str(path), str(pin)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
    finally:
        pin.unlink(missing_ok=True)
