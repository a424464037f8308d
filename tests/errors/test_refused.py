"""What the verifier refuses and what its author reads: assembler files, each beside its `.err`.

Comments at the top of a file say what else there is: `section:`, `license:`, and `map: NAME TYPE
KEY_SIZE VALUE_SIZE ENTRIES [FLAGS]`, of which `map_fd(0)` is the first; `kfunc: NAME` is what
`call kfunc 0` calls, and `btf: KIND NAME` what `lddw r0, btf_id(0)` means. A label other than the
targets of jumps begins a function.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import accumulate
from pathlib import Path

import pytest

import kring
from kring.abi.asm import parse
from kring.abi.code import encode
from kring.abi.isa import OPS, Insn, Pseudo
from kring.abi.uapi import MapType
from kring.btf.ext import LineInfo
from kring.btf.types import Composite, Func, FuncProto, Kind, Member, Ptr
from kring.btf.write import Builder
from kring.decl.btf import type_id
from kring.decl.types import IntType
from kring.errors import NotPermitted, VerifierError
from kring.obj.object import Function, Map, MapRef, Object, Program
from kring.record import replace
from kring.run.btf import VMLINUX, kernel_btf
from kring.run.kernel.remedies import REMEDIES

FILES = sorted((Path(__file__).parent / "refused").glob("*.bpf"))


def directives(text: str, name: str) -> list[str]:
    return re.findall(rf"^# {name}: (.*)$", text, re.M)


def object_of(path: Path) -> Object:
    """The object that a file describes; its own lines are what the code came from."""
    text = path.read_text()
    insns = parse(text)
    starts = [*accumulate((insn.slots for insn in insns), initial=0)]
    types = Builder()
    maps = [_map(line) for line in directives(text, "map")]
    for index in map(int, directives(text, "lock")):
        maps[index] = replace(
            maps[index], value_type=_locked(types), key_type=type_id(types, IntType(4))
        )
    refs = [
        MapRef(slot, maps[insn.imm].name)
        for slot, insn in zip(starts, insns, strict=False)
        if insn.op.name == "lddw" and insn.src == Pseudo.MAP_FD
    ]
    lines = [
        LineInfo(slot, path.name, line, number, len(line) - len(line.lstrip()) + 1)
        for slot, (number, line) in zip(starts, _statements(text), strict=False)
    ]
    for line in lines:
        types.string(line.file)
        types.string(line.line_text)
    kfuncs = [f"FUNC {name}" for name in directives(text, "kfunc")]
    insns = [_typed(insn, kfuncs, directives(text, "btf")) for insn in insns]
    called = {0, *(s + 1 + i.imm for s, i in zip(starts, insns, strict=False) if _local(i))}
    prototype = types.add(
        FuncProto(type_id(types, IntType(4, True)), (("ctx", types.add(Ptr(0))),))
    )
    functions = [
        Function(slot, f"f{slot}", types.add(Func(f"f{slot}", prototype, linkage=int(not slot))))
        for slot in sorted(called)
    ]
    program = Program(
        path.stem, directives(text, "section")[0], encode(insns), tuple(refs),
        functions=tuple(functions), lines=tuple(lines),
    )  # fmt: skip
    license = (directives(text, "license") or ["GPL"])[0]
    return Object(path.stem, (program,), tuple(maps), types.bytes(), license)


def _local(insn: Insn) -> bool:
    return insn.op.name == "call_local"


def _statements(text: str) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith(" ") and line.split("#")[0].strip():
            yield number, line


def _map(line: str) -> Map:
    name, kind, *numbers = line.split()
    return Map(name, MapType[kind], *map(int, numbers))


def _locked(types: Builder) -> int:
    """A struct of a lock and a number."""
    number = type_id(types, IntType(4))
    lock = types.add(Composite("bpf_spin_lock", 4, (Member("val", number, 0),)))
    members = (Member("lock", lock, 0), Member("count", number, 32))
    return types.add(Composite("locked", 8, members))


def _typed(insn: Insn, kfuncs: list[str], named: list[str]) -> Insn:
    """The instruction, with the running kernel's number for what a comment names."""
    if insn.op is OPS["call_kfunc"]:
        return replace(insn, imm=_kernel_type(kfuncs[insn.imm]))
    if insn.op is OPS["lddw"] and insn.src == Pseudo.BTF_ID and insn.imm < len(named):
        return replace(insn, imm=_kernel_type(named[insn.imm]))
    return insn


def _kernel_type(kind_and_name: str) -> int:
    types = kernel_btf(VMLINUX)
    assert types is not None
    kind, name = kind_and_name.split()
    found = types.find(name, Kind[kind])
    assert found is not None
    return found


def refusal(path: Path) -> VerifierError:
    try:
        with kring.load(object_of(path), attach=False):
            raise AssertionError(f"{path} is not refused")
    except NotPermitted as error:
        pytest.skip(str(error))
    except VerifierError as error:
        return error


@pytest.mark.kernel
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_refused(path: Path, bless: Callable[[Path, str], None]) -> None:
    text = str(refusal(path))
    bless(path.with_suffix(".err"), re.sub(r"log, \d+ lines", "log, N lines", text))


@pytest.mark.kernel
def test_every_remedy_has_a_refusal() -> None:
    shown = [path.with_suffix(".err").read_text() for path in FILES]
    for remedy in REMEDIES:
        words = re.sub(r"\\\{\w+\\\}", ".*", re.escape(remedy.meaning))
        assert any(re.search(words, text) for text in shown), remedy.meaning
