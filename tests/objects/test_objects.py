"""C programs of all features: kring and libbpf take and refuse the same, and the same comes of it,
in the VM too, as far as it goes.

`object_cases.py` says what the C files may say of themselves.
"""

from __future__ import annotations

import os
import re
from contextlib import suppress
from pathlib import Path

import pytest
from loaders import by_kring, by_libbpf, without
from object_cases import Case, cases

import kring
from kring import KringError, Vm, load
from kring.errors import ObjectError
from kring.obj.elf_read import from_elf
from kring.obj.elf_write import to_elf
from kring.obj.gen.python import declare
from kring.obj.gen.records import records_of
from kring.record import replace as renewed
from peers import Compiling, tool

pytestmark = [
    pytest.mark.kernel,
    pytest.mark.peer,
    pytest.mark.filterwarnings("ignore:ring buffer"),
]

VMLINUX = "/sys/kernel/btf/vmlinux"
AGAIN = ("sub_for_each", "map_hash_of_maps", "extern_config", "ksym_weak", "data_static",
         "kfunc_iterator", "misc_version")  # fmt: skip
"""Objects that libbpf takes from kring's hands too: one of each thing that ELF says its own way."""
SECTIONS = {"classifier": "tc", "tcx/ingress": "tc/ingress", "tcx/egress": "tc/egress"}
"""Names that are written as others that mean the same."""


@pytest.fixture(scope="module")
def objects(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Compiling]:
    """The compiled objects of this session's tests."""
    into = tmp_path_factory.mktemp("objects")
    tool("clang")
    chosen = {
        item.callspec.params["one"].name: item.callspec.params["one"]
        for item in request.session.items
        if isinstance(item, pytest.Function) and item.path == Path(__file__)
    }
    compiling: dict[str, Compiling] = {}
    at_once = os.cpu_count() or 1
    for name, one in chosen.items():
        if len(compiling) >= at_once:
            [*compiling.values()][-at_once].wait()
        compiling[name] = Compiling(one.source, into, *one.flags)
    return compiling


@pytest.mark.parametrize("one", cases(), ids=lambda one: one.name)
def test_object(one: Case, objects: dict[str, Compiling], pins: Path) -> None:
    path = objects[one.name].object()
    ours = by_kring(one, path)
    theirs = by_libbpf(one, path, pins)
    both = f"kring: {ours.refused or 'loads'}\n\nlibbpf: {theirs.refused or 'loads'}"
    refused, libbpf_refuses = one.refused, one.refused or one.libbpf_refuses
    if one.host_may_refuse and ours.refused and theirs.refused:
        refused = libbpf_refuses = one.host_may_refuse
    if bool(refused) != bool(ours.refused) or bool(libbpf_refuses) != bool(theirs.refused):
        pytest.fail(both, pytrace=False)
    if not re.search(refused, ours.refused) or not re.search(one.libbpf_refuses, theirs.refused):
        pytest.fail(f"other words are expected\n{both}", pytrace=False)
    for run, (value, *_) in zip(one.runs, ours.runs, strict=False):
        assert run.value in (None, value), f"{run.program} gives {value}"
    if not theirs.refused:
        assert without(one.differs, ours) == without(one.differs, theirs)


@pytest.mark.parametrize("one", cases(), ids=lambda one: one.name)
def test_object_written_again(one: Case, objects: dict[str, Compiling], pins: Path) -> None:
    """What kring reads and writes is what it reads then; the structs in it can be declared."""
    path = objects[one.name].object()
    try:
        obj = from_elf(path.read_bytes(), one.name)
    except KringError:
        return
    data = to_elf(obj)
    again = from_elf(data, one.name)
    programs = tuple(
        renewed(program, section=SECTIONS.get(program.section, program.section))
        for program in obj.programs
    )
    assert renewed(again, btf=b"") == renewed(obj, btf=b"", programs=programs)
    if any(map.record or map.value_type for map in obj.maps):
        with suppress(ObjectError):
            # the text holds sizes against each other
            exec(declare(records_of(obj, one.name), one.name, path.name), {})
    if one.name in AGAIN:
        written = path.with_name(f"{one.name}.again.o")
        written.write_bytes(data)
        theirs = by_libbpf(one, written, pins)
        assert not theirs.refused, theirs.refused


@pytest.mark.parametrize("one", [one for one in cases() if one.runs], ids=lambda one: one.name)
def test_object_in_the_vm(one: Case, objects: dict[str, Compiling]) -> None:
    path = objects[one.name].object()
    if one.vm_refuses:
        with pytest.raises(KringError, match=one.vm_refuses):
            values_in_vm(one, path)
        return
    for run, value in zip(one.runs, values_in_vm(one, path), strict=True):
        if "vm" not in one.differs:
            assert run.value in (None, value), f"{run.program} gives {value}"


def values_in_vm(one: Case, path: Path) -> list[int]:
    obj = kring.open(str(path))
    kernel_types = VMLINUX if any(program.core for program in obj.programs) else None
    with load(obj, on=Vm(btf=kernel_types), attach=False) as s:
        return [s.programs[run.program].run(run.data, run.ctx).value for run in one.runs]
