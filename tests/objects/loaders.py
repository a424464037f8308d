"""An object loaded by kring, and by libbpf, and what the kernel has then.

In: a `Case` and its compiled object. Out: an `Outcome` of each, which should be equal.
"""

from __future__ import annotations

import ctypes
import json
import os
import re
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from object_cases import Case, Run

import kring
from kring import KringError, load
from peers import BPFFS, tool

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


def without(differs: Sequence[str], outcome: Outcome) -> Outcome:
    """The outcome but for what need not be the same."""
    maps = {
        name: {**shown, "holds": None} if name in differs else shown
        for name, shown in outcome.maps.items()
    }
    left_out: dict[str, Any] = {name: [] for name in differs if name in ("runs", "programs")}
    return replace(outcome, maps=maps, **left_out)


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
    try:
        libbpf = ctypes.CDLL("libbpf.so.1")
    except OSError:
        pytest.skip("libbpf.so.1 is not here")
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
