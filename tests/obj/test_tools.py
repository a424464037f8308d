"""What `kring build` writes, in the hands of other tools: LLVM's, bpftool's and libbpf's."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from kring import (
    Array,
    Global,
    Hash,
    Object,
    PerCpuArray,
    Struct,
    array,
    be16,
    bits,
    build,
    char,
    i16,
    load,
    syscall,
    u32,
)
from kring.obj.elf_read import from_elf
from kring.output import write
from kring.script import programs_in
from peers import tool

ROOT = Path(__file__).parents[2]
FILES = [
    "examples/exec_snoop.py",
    "examples/firewall.py",
    *(f"tests/cases/{name}.py" for name in (
        "constants/closures", "flow/long_loops", "globals/values", "kfuncs/context",
        "locks/blocks", "records/large",
    )),
]  # fmt: skip
LOADED = [*FILES[:3], FILES[4], FILES[5], "tests/run/kernel_structs.py"]

_MOST = 2
"""Programs of an object whose instructions are asked of the kernel: each takes a while."""


def said(*command: str | Path) -> str:
    """What a tool prints, which complains of nothing."""
    done = subprocess.run([tool(str(command[0])), *command[1:]], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, ""), command
    return done.stdout


@pytest.fixture(scope="module")
def objects(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Path]:
    """Each file's object, with its declarations in C beside it where it has structs."""
    out = tmp_path_factory.mktemp("objects")
    made: dict[str, Path] = {}
    for file in (*FILES, LOADED[-1]):
        path = out / f"{Path(file).stem}.bpf.o"
        obj = build(*programs_in(str(ROOT / file)))
        structs = any(map.record or map.value_type for map in obj.maps)
        with suppress(Exception):
            write(str(ROOT / file), str(path), ["c"] if structs else [], json=False)
        if not path.exists():
            write(str(ROOT / file), str(path), [], json=False)
        made[file] = path
    return made


@pytest.mark.peer
@pytest.mark.parametrize("file", FILES)
def test_tools_read_it(file: str, objects: Mapping[str, Path], tmp_path: Path) -> None:
    path = objects[file]
    shown = said("llvm-objdump", "-d", "-S", "-r", path)
    assert "R_BPF_64_64" in shown or not from_elf(path.read_bytes(), "x").maps
    assert "Entry" in said("llvm-readelf", "-a", path)
    assert "STRUCT" in said("bpftool", "btf", "dump", "file", path)
    said("bpftool", "btf", "dump", "file", path, "format", "c")
    names = {program.name for program in from_elf(path.read_bytes(), "x").programs}
    symbols = re.findall(r"^\S+ T (\S+)$", said("llvm-nm", path), re.M)
    assert set(symbols) == names


@pytest.mark.peer
def test_source_lines_stand_beside_the_code(objects: Mapping[str, Path]) -> None:
    text = said("llvm-objdump", "-d", "-l", "-r", objects["examples/exec_snoop.py"])
    assert "<on_exec>:" in text
    assert "R_BPF_64_64\tevents" in text
    text = said("llvm-objdump", "-d", "-r", objects["tests/cases/globals/values.py"])
    assert "R_BPF_64_64\tport" in text


@pytest.mark.peer
@pytest.mark.parametrize("file", FILES)
def test_a_skeleton_of_it_compiles(file: str, objects: Mapping[str, Path], tmp_path: Path) -> None:
    """With the structs of its variables from the header that kring writes."""
    path = objects[file]
    if not Path("/usr/include/bpf/libbpf.h").exists():
        pytest.skip("no <bpf/libbpf.h>")
    (tmp_path / "x.skel.h").write_text(said("bpftool", "gen", "skeleton", path))
    header = path.with_name(f"{path.name.partition('.')[0]}.h")
    lines = [f'#include "{header}"'] if header.exists() else []
    (tmp_path / "x.c").write_text("\n".join([*lines, '#include "x.skel.h"', ""]))
    said(
        "clang", "-fsyntax-only", "-Wall", "-Wno-unused-function", "-I", tmp_path, tmp_path / "x.c"
    )


def kept(obj: Object) -> dict[str, Any]:
    """What must be the same after a linker's work: ids of types are others."""
    return {
        program.name: (
            program.section, program.code, program.maps, [f.name for f in program.functions],
            [(line.slot, line.file, line.line, line.column) for line in program.lines],
            [(r.slot, r.access, r.kind) for r in program.core],
            [(ref.slot, ref.name) for ref in program.kfuncs],
        )
        for program in obj.programs
    }  # fmt: skip


@pytest.mark.peer
@pytest.mark.kernel
@pytest.mark.parametrize("file", LOADED)
def test_libbpf_makes_of_it_what_kring_does(
    file: str, objects: Mapping[str, Path], pins: Path, tmp_path: Path
) -> None:
    """Joined by bpftool's linker, loaded by libbpf: the kernel then has the instructions and lines
    that it has from kring."""
    linked = tmp_path / objects[file].name
    said("bpftool", "gen", "object", linked, objects[file])
    obj = from_elf(linked.read_bytes(), "x")
    assert kept(obj) == kept(from_elf(objects[file].read_bytes(), "x"))
    assert {map.name for map in obj.maps} == {
        map.name for map in from_elf(objects[file].read_bytes(), "x").maps
    }
    done = subprocess.run(
        [tool("bpftool"), "prog", "loadall", str(linked), str(pins)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    with load(obj, attach=False) as s:
        for name, program in list(s.programs.items())[:_MOST]:
            info = Path(f"/proc/self/fdinfo/{program.fd}").read_text()
            (number,) = re.findall(r"^prog_id:\s*(\d+)$", info, re.M)
            assert translated("id", number) == translated("pinned", str(pins / name))


def translated(*which: str) -> str:
    """The kernel's own text of a program; maps by their order, since each load makes new ones."""
    seen: dict[str, int] = {}
    text = said("bpftool", "prog", "dump", "xlated", *which, "linum")
    return re.sub(r"map\[id:(\d+)\]", lambda m: f"map{seen.setdefault(m[1], len(seen))}", text)


class Point(Struct):
    x: i16
    y: i16


class Visit(Struct):
    pid: u32
    comm: str = char(16)
    at: Point
    low: u32 = bits(3)
    port: be16
    pair: tuple[int, ...] = array(2, u32)


class Place(Struct):
    cpu: u32
    bus: u32


visits = Hash[Place, Visit](max_entries=16)
first = Array[Visit](1)
each = PerCpuArray[Point](1)
limit = Global[u32](3)
origin = Global[Point](Point(x=1, y=-2))


@syscall
def fill() -> int:
    visit = Visit(pid=7, comm="bash", at=Point(x=-1, y=2), low=5, port=80)
    visits[Place(cpu=1, bus=2)] = visit
    first[0] = visit
    each[0] = Point(x=3, y=4)
    limit.value = origin.value.x + 8
    return 0


@pytest.mark.peer
@pytest.mark.kernel
def test_bpftool_prints_values_as_structs() -> None:
    visit = {
        "pid": 7, "comm": "bash", "at": {"x": -1, "y": 2}, "low": "0x5",
        "port": int.from_bytes((80).to_bytes(2, "big"), "little"), "pair": [0, 0],
    }  # fmt: skip
    with load(fill) as s:
        s[fill].run()
        maps = dict(contents())
    assert maps["visits"] == [{"key": {"cpu": 1, "bus": 2}, "value": visit}]
    assert maps["first"] == [{"key": 0, "value": visit}]
    (entry,) = maps["each"]
    assert {"x": 3, "y": 4} in [one["value"] for one in entry["values"]]
    (entry,) = maps[".data"]
    assert entry["value"] == {".data": [{"origin": {"x": 1, "y": -2}}, {"limit": 9}]}


def contents() -> Iterator[tuple[str, Any]]:
    """This process's maps as bpftool prints them: what it makes of each entry by its types."""
    for info in Path("/proc/self/fdinfo").iterdir():
        with suppress(OSError):
            for number in re.findall(r"^map_id:\s*(\d+)$", info.read_text(), re.M):
                name = json.loads(said("bpftool", "-j", "map", "show", "id", number))["name"]
                rows = json.loads(said("bpftool", "-j", "map", "dump", "id", number))
                yield name, [row["formatted"] for row in rows]
