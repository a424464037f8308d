"""C programs of all features: kring and libbpf take and refuse the same, and the same comes of it.

`object_cases.py` says what the C files may say of themselves.
"""

from __future__ import annotations

import ctypes
import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from platform import machine
from typing import Any

import pytest
from object_cases import Case, Run, cases

import kring
from kring import KringError, load
from kring.errors import ObjectError
from kring.obj.elf_read import from_elf
from kring.obj.elf_write import to_elf
from kring.obj.gen.python import declare
from kring.obj.gen.records import records_of
from kring.record import replace as renewed

pytestmark = [
    pytest.mark.kernel,
    pytest.mark.peer,
    pytest.mark.filterwarnings("ignore:ring buffer"),
]

CLANG = (
    "-O2", "-g", "-target", "bpf", f"-D__TARGET_ARCH_{machine().replace('x86_64', 'x86')}",
    f"-I/usr/include/{machine()}-linux-gnu",
)  # fmt: skip
BPFFS = Path("/sys/fs/bpf")
OPAQUE = {"array_of_maps", "hash_of_maps", "prog_array"}
"""Maps that hold numbers of other things, which differ from load to load."""
SILENT = {"queue", "stack", "bloom_filter", "ringbuf", "user_ringbuf", "sk_storage", "task_storage",
          "inode_storage", "cgroup_storage", "percpu_cgroup_storage", "struct_ops", "arena",
          "perf_event_array", "reuseport_sockarray", "unknown"}  # fmt: skip
"""Maps that do not tell what they hold."""
MAP = "type", "bytes_key", "bytes_value", "max_entries", "flags", "frozen", "map_extra"
PROGRAM = "type", "tag", "gpl_compatible"


class TestRun(ctypes.Structure):
    """struct bpf_test_run_opts of libbpf."""

    __test__ = False
    _fields_ = [
        ("size", ctypes.c_size_t), ("data_in", ctypes.c_void_p), ("data_out", ctypes.c_void_p),
        ("data_size_in", ctypes.c_uint32), ("data_size_out", ctypes.c_uint32),
        ("ctx_in", ctypes.c_void_p), ("ctx_out", ctypes.c_void_p),
        ("ctx_size_in", ctypes.c_uint32), ("ctx_size_out", ctypes.c_uint32),
        ("retval", ctypes.c_uint32), ("repeat", ctypes.c_int), ("duration", ctypes.c_uint32),
        ("flags", ctypes.c_uint32), ("cpu", ctypes.c_uint32), ("batch_size", ctypes.c_uint32),
    ]  # fmt: skip


@dataclass
class Outcome:
    """What one of the two loaders made of an object."""

    refused: str = ""
    programs: dict[str, Any] = field(default_factory=dict)
    runs: list[tuple[int, bytes, bytes]] = field(default_factory=list)
    maps: dict[str, Any] = field(default_factory=dict)


def tool(name: str) -> str:
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if found is None:
        pytest.skip(f"{name} is not here")
    return found


@pytest.fixture(scope="module")
def objects(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Future[Path]]]:
    """The compiled objects of this session's tests, as they get ready."""
    clang, into = tool("clang"), tmp_path_factory.mktemp("objects")

    def compiled(one: Case) -> Path:
        path = into / f"{one.name}.bpf.o"
        command = [clang, *CLANG, *one.flags, "-c", str(one.source), "-o", str(path)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return path

    chosen = {
        item.callspec.params["one"].name: item.callspec.params["one"]
        for item in request.session.items
        if isinstance(item, pytest.Function) and item.path == Path(__file__)
    }
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        yield {name: pool.submit(compiled, one) for name, one in chosen.items()}


@pytest.fixture
def pins() -> Iterator[Path]:
    """A directory in bpffs of this test's own; it is gone afterwards."""
    path = BPFFS / f"kring-test-{os.getpid()}"
    yield path
    shutil.rmtree(path, ignore_errors=True)


@contextmanager
def unpinned(name: str) -> Iterator[Path | None]:
    """The place of a pin that is gone before and afterwards; None for one without a name."""
    pin = BPFFS / name if name else None
    if pin:
        pin.unlink(missing_ok=True)
    try:
        yield pin
    finally:
        if pin:
            pin.unlink(missing_ok=True)


@pytest.mark.parametrize("one", cases(), ids=lambda one: one.name)
def test_object(one: Case, objects: dict[str, Future[Path]], pins: Path) -> None:
    path = objects[one.name].result()
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


AGAIN = ("sub_for_each", "map_hash_of_maps", "extern_config", "ksym_weak", "data_static",
         "kfunc_iterator", "misc_version")  # fmt: skip
"""Objects that libbpf takes from kring's hands too: one of each thing that ELF says its own way."""
SECTIONS = {"classifier": "tc", "tcx/ingress": "tc/ingress", "tcx/egress": "tc/egress"}
"""Names that are written as others that mean the same."""


@pytest.mark.parametrize("one", cases(), ids=lambda one: one.name)
def test_object_written_again(one: Case, objects: dict[str, Future[Path]], pins: Path) -> None:
    """What kring reads and writes is what it reads then; the structs in it can be declared."""
    path = objects[one.name].result()
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


def without(differs: Sequence[str], outcome: Outcome) -> Outcome:
    """The outcome but for what need not be the same."""
    maps = {
        name: {**shown, "holds": None} if name in differs else shown
        for name, shown in outcome.maps.items()
    }
    left_out: dict[str, Any] = {name: [] for name in differs if name in ("runs", "programs")}
    return replace(outcome, maps=maps, **left_out)


def by_kring(one: Case, path: Path) -> Outcome:
    before = maps_of_this_process()
    try:
        obj = kring.open(str(path))
        with unpinned(one.pinned), load(obj, attach=False) as s:
            results = [(s.programs[run.program].run(run.data, run.ctx), run) for run in one.runs]
            programs = [("id", str(number("prog_id", one.fd))) for one in s.programs.values()]
            maps = [("id", str(id)) for id in maps_of_this_process() - before]
            runs = [(made.value, made.data, made.ctx or run.ctx) for made, run in results]
            return outcome(runs, programs, maps)
    except KringError as error:
        return Outcome(f"{type(error).__name__}: {error}")


def by_libbpf(one: Case, path: Path, pins: Path) -> Outcome:
    pins.mkdir()
    with unpinned(one.pinned) as pinned:
        # libbpf pins a map in one place only.
        more = () if pinned else ("pinmaps", str(pins / "maps"))
        command = [tool("bpftool"), "-j", "prog", "loadall", str(path), str(pins), *more]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            return Outcome(f"{done.stdout}\n{done.stderr}")
        results = [run_by_libbpf(pins / run.program, run) for run in one.runs]
        programs = [("pinned", str(pin)) for pin in pins.iterdir() if pin.is_file()]
        places = [pinned] if pinned else (pins / "maps").glob("*")
        return outcome(results, programs, [("pinned", str(pin)) for pin in places])


def outcome(
    runs: list[tuple[int, bytes, bytes]],
    programs: list[tuple[str, str]],
    maps: list[tuple[str, str]],
) -> Outcome:
    """What was loaded as bpftool shows it: a program's tag is the same for the same code."""
    shown = asked([("prog", "show", *which) for which in programs])
    kinds = asked([("map", "show", *which) for which in maps])
    told = [which for which, kind in zip(maps, kinds, strict=True) if kind["type"] not in SILENT]
    dumps = iter(asked([("map", "dump", *which) for which in told]))
    return Outcome(
        "",
        {one["name"]: {key: one.get(key) for key in PROGRAM} for one in shown},
        runs,
        {
            # libbpf puts the object's name before that of a section of variables.
            re.sub(r"^[^.]+(?=\.)", "", one["name"]): {
                **{key: one.get(key) for key in MAP},
                "holds": None if one["type"] in SILENT else held(one["type"], next(dumps)),
            }
            for one in kinds
        },
    )


def held(kind: str, dump: list[Any]) -> list[Any]:
    return sorted([entry["key"] for entry in dump] if kind in OPAQUE else dump, key=str)


def asked(questions: list[tuple[str, ...]]) -> list[Any]:
    """bpftool's answers."""
    lines = "".join(f"{' '.join(words)}\n" for words in questions)
    command = [tool("bpftool"), "-j", "batch", "file", "-"]
    done = subprocess.run(command, input=lines, capture_output=True, text=True, check=False)
    answers = [answer["output"] for answer in json.loads(done.stdout)]
    for question, answer in zip(questions, answers, strict=True):
        assert not isinstance(answer, dict) or "error" not in answer, f"{question}: {answer}"
    return answers


def run_by_libbpf(pin: Path, run: Run) -> tuple[int, bytes, bytes]:
    """The result of a test-run of a pinned program, and packet and context as they are then."""
    libbpf = ctypes.CDLL("libbpf.so.1")
    data, ctx = (ctypes.create_string_buffer(given, len(given)) for given in (run.data, run.ctx))
    after = ctypes.create_string_buffer(len(run.data) + 256)
    options = TestRun(ctypes.sizeof(TestRun))
    if run.data:
        options.data_in, options.data_size_in = ctypes.addressof(data), len(data)
        options.data_out, options.data_size_out = ctypes.addressof(after), len(after)
        options.repeat = 1
    if run.ctx:
        options.ctx_in, options.ctx_size_in = ctypes.addressof(ctx), len(ctx)
    program = libbpf.bpf_obj_get(bytes(pin))
    error = libbpf.bpf_prog_test_run_opts(program, ctypes.byref(options))
    os.close(program)
    assert not error, f"{run}: {os.strerror(-error)}"
    return options.retval, after.raw[: options.data_size_out] if run.data else b"", ctx.raw


def maps_of_this_process() -> set[int]:
    """The ids of the maps that descriptors of this process are of."""
    found = (number("map_id", int(fd)) for fd in os.listdir("/proc/self/fd"))
    return {id for id in found if id}


def number(what: str, fd: int) -> int:
    """A number that the kernel tells of a descriptor, 0 if it does not."""
    try:
        text = Path(f"/proc/self/fdinfo/{fd}").read_text()
    except FileNotFoundError:
        return 0
    found = re.search(rf"^{what}:\s*(\d+)", text, re.M)
    return int(found[1]) if found else 0
