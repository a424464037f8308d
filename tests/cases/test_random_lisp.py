"""Random Lisp programs: the reference, the IR before and after its passes, VM and kernel agree.

`KRING_LISP_RANDOM=2500 pytest tests/cases/test_random_lisp.py` runs that many files of four
programs by seed, and their twins in which all is known; `KRING_LISP_RANDOM=2500:1000` begins at
seed 1000. A disagreement prints the seed, the file and where the engines part.
"""

from __future__ import annotations

import os
import sys
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any
from unittest.mock import patch

import pytest
from case_engines import whoami
from case_evaluator import Evaluated
from case_lisp import declarations
from lisp_program import File, numbers_of, packets
from test_random_programs import gave_up, may_load

import kring
from kring.build import compile_all
from kring.decl.struct import pack
from kring.errors import CompileError, VerifierError
from kring.frontend.lisp.toplevel import programs_of
from kring.frontend.lisp.unit import Defprog
from kring.frontend.module import Module
from kring.ir.core import Fn
from kring.ir.passes import optimise
from kring.ir.text import parse_fn
from kring.obj.object import Object
from kring.run.target import Target
from kring.stream.handle import StreamHandle
from lisp_reference import Machine

Outcome = dict[str, Any]
"""Of each run its result and what it made of the packet, and what the maps hold in the end."""


def by_reference(text: str, given: list[bytes]) -> Outcome:
    machine = Machine(text)
    found: Outcome = {}
    for at, data in enumerate(given):
        for name in machine.programs:
            found[f"{name}, packet {at}"] = machine.run(name, data), bytes(machine.packet)
    for name, map in machine.maps.items():
        entries = {key: bytes(value) for key, value in map.entries.items()}
        stream = map.type == ":ringbuf"
        found[name] = _records(machine.records(name)) if stream else _filled(entries)
    return found


def _records(records: list[bytes]) -> list[bytes]:
    """Records without the byte that no field has."""
    return [data[:1] + b"\0" + data[2:] for data in records]


def _filled(entries: dict[bytes, bytes]) -> dict[bytes, bytes]:
    return dict(sorted(entries.items()))


def by_evaluator(
    functions: list[Fn], sources: list[Defprog], module: Module, given: list[bytes]
) -> Outcome:
    world = Evaluated(module, whoami())
    found: Outcome = {}
    for at, data in enumerate(given):
        for fn, one in zip(functions, sources, strict=True):
            result = world.run(fn, one.kind, data) & 0xFFFF_FFFF
            found[f"{one.name}, packet {at}"] = result, world.data()
    for name in module.maps:
        stream = name in world.rings
        found[name] = (
            _records(world.records(name)) if stream else _filled(dict(world.contents(name)))
        )
    return found


def on_target(target: Target, obj: Object, given: list[bytes]) -> Outcome:
    found: Outcome = {}
    with kring.load(obj, on=target, attach=False) as s:
        for at, data in enumerate(given):
            for name, program in s.programs.items():
                result = program.run(data)
                found[f"{name}, packet {at}"] = result.value, result.data
        for name, handle in s.maps.items():
            stream = isinstance(handle, StreamHandle)
            found[name] = (
                _records([pack(record) for record in handle.poll(timeout=0)])
                if stream
                else _filled(dict(handle._live.items()))
            )
        return found


def compiled(sources: list[Defprog]) -> tuple[Object, Module, dict[str, list[Fn]]]:
    """The object of some programs, and their IR before and after the passes."""
    functions: dict[str, list[Fn]] = {"ir": [], "passes": []}

    def observed(fn: Fn, *_: object) -> None:
        functions["ir"].append(parse_fn(str(fn)))
        optimise(fn)
        functions["passes"].append(parse_fn(str(fn)))

    with patch.object(sys.modules["kring.build"], "optimise", observed):
        obj, module = compile_all(sources)
    module.maps.update(declarations(obj))
    return obj, module, functions


def tried(text: str, file: str, given: list[bytes], kernel: bool, tally: Counter[str]) -> str:
    """In what the engines disagree about a file; empty if in nothing."""
    wanted = by_reference(text, given)
    sources = programs_of(text, file)
    try:
        obj, module, functions = compiled(sources)
    except CompileError as error:
        if "bytes of stack" not in str(error):
            raise
        tally["too large for the stack"] += len(sources)
        return ""
    found = {name: by_evaluator(one, sources, module, given) for name, one in functions.items()}
    found["vm"] = on_target(kring.Vm(), obj, given)
    if kernel:
        try:
            found["kernel"] = on_target(kring.Kernel(), obj, given)
        except VerifierError as error:
            if not gave_up(error):
                return str(error)
            tally["too complex for the verifier"] += 1
    tally["programs"] += len(sources)
    return "\n".join(
        f"{engine}: {key} is {got.get(key)}, not {value}"
        for engine, got in found.items()
        for key, value in wanted.items()
        if got.get(key, value if key not in obj_maps(obj) else {}) != value
    )


def obj_maps(obj: Object) -> set[str]:
    return {map.name for map in obj.maps}


def judge(seed: int, file: Path, kernel: bool, tally: Counter[str]) -> None:
    random = Random(seed)
    made = File(random)
    given = packets(random, 3)
    numbers = numbers_of(random)
    known = b"".join(number.to_bytes(8, "little") for number in numbers)
    for text, data in ((made.text(), given), (made.text(numbers), [known])):
        file.write_text(text)
        try:
            wrong = tried(text, str(file), data, kernel, tally)
        except Exception as error:
            raise AssertionError(f"seed {seed}\n{text}\n") from error
        assert not wrong, f"seed {seed}\n{text}\n{wrong}"


@pytest.fixture(scope="module")
def kernel() -> bool:
    return may_load()


def test_random_programs(tmp_path: Path, kernel: bool) -> None:
    count, _, first = os.environ.get("KRING_LISP_RANDOM", "3").partition(":")
    tally: Counter[str] = Counter()
    for seed in range(int(first or 0), int(first or 0) + int(count)):
        judge(seed, tmp_path / f"random_{seed}.lisp", kernel, tally)
    print(dict(tally))
