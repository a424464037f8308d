"""`(ld-btf-id N)`: the address of what has a number in one kernel's types."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import kring
from kring import Kernel, Object, Vm, load
from kring.btf.types import Kind
from kring.build import compile_all
from kring.cli import main
from kring.errors import VerifierError, VmError
from kring.frontend.lisp.toplevel import programs_of
from kring.ir.core import Op
from kring.ir.evaluate import World, evaluate
from kring.ir.parse import parse
from kring.ir.passes import optimise
from kring.run.btf import kernel_btf

SEEN = """
(defmap seen :type :array :key-size 4 :value-size 8 :max-entries 2)
(defprog look (:type :raw-tracepoint :section "raw_tp/sys_enter")
  (setf (getmap seen 0) (ld-btf-id %d))
  (setf (getmap seen 1) (%s u32 (ld-btf-id %d)))
  0)
"""
Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def to(id: int, load: str = "kernel-load") -> Path:
        path = tmp_path / "prog.lisp"
        path.write_text(SEEN % (id, load, id))
        return path

    return to


def number(name: str, kind: Kind) -> int:
    """The running kernel's number of a type."""
    types = kernel_btf()
    found = types.find(name, kind) if types else None
    if found is None:
        pytest.skip(f"this kernel has no types, or no {name} among them")
    return found


def address(name: str) -> int:
    with open("/proc/kallsyms") as file:
        return next(int(line.split()[0], 16) for line in file if line.split()[2] == name)


def seen(obj: Object, on: Kernel | Vm) -> list[Any]:
    with load(obj, on=on, attach=False) as s:
        s.programs["look"].run(repeat=0)
        return [s.maps["seen"][n] for n in (0, 1)]


@pytest.mark.kernel
def test_a_function_is_where_the_kernel_has_it(write: Write, tmp_path: Path) -> None:
    obj = kring.open(write(number("schedule", Kind.FUNC)))
    at, code = seen(obj, Kernel())
    assert at == address("schedule")
    assert code
    obj.write(str(tmp_path / "prog.bpf.o"))
    assert seen(kring.open(tmp_path / "prog.bpf.o"), Kernel()) == [at, code]


@pytest.mark.kernel
def test_the_verifier_lets_nobody_read_a_function(write: Write) -> None:
    path = write(number("schedule", Kind.FUNC), "load")
    with pytest.raises(VerifierError, match="of memory that has 0") as caught:
        seen(kring.open(path), Kernel())
    assert f"{path.name}:5:25: " in str(caught.value)
    assert "only `(kernel-load …)` reads" in str(caught.value)


def test_the_number_is_in_the_object_and_in_its_listing(
    write: Write, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(1234)
    obj = kring.open(path)
    obj.write(str(tmp_path / "prog.bpf.o"))
    assert kring.open(tmp_path / "prog.bpf.o").programs[0].code == obj.programs[0].code
    main(["dump", str(tmp_path / "prog.bpf.o")])
    assert capsys.readouterr().out.count("btf_id(1234)") == 2


def test_a_build_says_that_it_is_for_one_kernel(write: Write) -> None:
    path = write(1234)
    notes = compile_all(programs_of(path.read_text(), str(path), None), None)[1].notes
    assert [note.removeprefix(str(path)) for note in notes] == [
        f":{place}: 1234 is the number of one kernel's type: the object suits no other kernel"
        for place in ("4:25", "5:42")
    ]


def test_the_vm_has_no_such_kernel(write: Write) -> None:
    with pytest.raises(VmError, match="type 1234"):
        seen(kring.open(write(1234)), Vm())


def test_in_the_ir() -> None:
    text = "fn f() {\nb0:\n  v0: ptr.btf = btf_id 77\n  v1: i64 = load v0 [+4 u32]\n  ret v1\n}\n"
    fn = parse(text)
    assert str(fn) == text
    optimise(fn)
    assert [value.op for value in fn.values()] == [Op.BTF_ID, Op.LOAD, Op.RET]
    with pytest.raises(VmError, match="no kernel whose type 77"):
        evaluate(fn, [], World())
