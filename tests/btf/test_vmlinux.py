"""The running kernel's types, where they can be read."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from paths import field_path

from kring.btf.blob import Btf
from kring.btf.core import resolve
from kring.btf.ext import CoreKind, CoreReloc
from kring.btf.types import Composite, FuncProto, Kind, Member, Ptr
from kring.btf.write import Builder

VMLINUX = Path("/sys/kernel/btf/vmlinux")


@pytest.fixture(scope="module")
def kernel() -> Btf:
    try:
        return Btf(VMLINUX.read_bytes(), where="vmlinux")
    except OSError as error:
        pytest.skip(f"no types of a running kernel: {error}")


def test_every_type_is_read(kernel: Btf) -> None:
    count = 0
    for type in kernel:
        count += 1
        if isinstance(type, Composite | FuncProto):
            assert type == type
    assert count == len(kernel) > 10_000


def test_task_struct(kernel: Btf) -> None:
    task = kernel.find("task_struct", Kind.STRUCT)
    assert task is not None
    access, offset, parent = field_path(kernel, task, ["real_parent"])
    assert kernel[parent] == Ptr(task)
    _, comm, chars = field_path(kernel, task, ["comm"])
    assert kernel.size(chars) == 16
    assert 0 < offset < comm < kernel.size(task)
    assert field_path(kernel, task, access_names(kernel, task, access))[1] == offset


def access_names(kernel: Btf, id: int, access: str) -> list[str]:
    names: list[str] = []
    for index in map(int, access.split(":")[1:]):
        type = kernel[kernel.strip(id)]
        assert isinstance(type, Composite)
        names.append(type.members[index].name)
        id = type.members[index].type
    return [name for name in names if name]


def test_a_partial_struct_is_relocated(kernel: Btf) -> None:
    builder = Builder()
    task = builder.reserve()
    parent = builder.add(Ptr(task))
    builder.set(task, Composite("task_struct___mine", 8, (Member("real_parent", parent, 0),)))
    reloc = CoreReloc(0, task, "0:0", CoreKind.FIELD_BYTE_OFFSET)
    answer = resolve(reloc, Btf(builder.bytes()), kernel)
    there = kernel.find("task_struct", Kind.STRUCT)
    assert there is not None
    assert answer.value == field_path(kernel, there, ["real_parent"])[1]
    assert (answer.name, answer.size) == ("task_struct.real_parent", 8)


@pytest.mark.peer
def test_bpftool_reads_the_same(kernel: Btf) -> None:
    bpftool = shutil.which("bpftool", path="/usr/sbin:/usr/bin:/usr/local/sbin")
    if bpftool is None:
        pytest.skip("no bpftool")
    command = [bpftool, "-j", "btf", "dump", "id", "1"]
    found = subprocess.run(command, capture_output=True, check=False)
    if found.returncode:
        pytest.skip(f"bpftool cannot dump vmlinux: {found.stderr.decode()}")
    types = json.loads(found.stdout)["types"]
    assert len(types) == len(kernel) - 1
    for row in types:
        assert kernel.kind(row["id"]).name == row["kind"]
        assert kernel.name(row["id"]) == row["name"].replace("(anon)", "")
        if row["kind"] in ("STRUCT", "UNION"):
            mine = kernel[row["id"]]
            assert isinstance(mine, Composite)
            assert [(m.name or "(anon)", m.type, m.bit_offset) for m in mine.members] == [
                (m["name"], m["type_id"], m["bits_offset"]) for m in row["members"]
            ]
