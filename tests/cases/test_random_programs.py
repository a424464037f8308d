"""Random programs: the reference, the IR before and after every pass, the VM and the kernel agree.

`KRING_RANDOM=5000 pytest tests/cases/test_random_programs.py` runs that many programs by seed,
`KRING_RANDOM=5000:1000` begins at seed 5000; a disagreement prints the seed and the program.
"""

from __future__ import annotations

import os
import sys
import types
from collections import Counter
from pathlib import Path
from random import Random
from struct import Struct
from unittest.mock import patch

import pytest
from case_engines import whoami
from case_evaluator import Evaluated
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from random_program import Program, inputs

import kring
import kring.build
from kring.errors import NotPermitted, VerifierError
from kring.frontend.module import Module
from kring.ir.core import Fn
from kring.ir.passes import optimise
from kring.run.target import Target
from reference import run

Numbers = dict[str, int]
Results = dict[str, list[Numbers]]
_FIELDS = "abcdefxyzwv"
_PACKING = Struct(f"<{len(_FIELDS)}Q")
_KEY = bytes(4)


def disagreement(source: str, file: Path, values: list[Numbers], kernel: bool) -> Results | None:
    """What each engine made of the program if they are not one; None if they are.

    Raises: VerifierError if the kernel refuses the program.
    """
    file.write_text(source)
    module = types.ModuleType(file.stem)
    exec(compile(source, str(file), "exec"), vars(module))
    wanted = [run(source, given) for given in values]
    found: Results = {"reference": wanted}
    maps = Module({"given": module.given, "out": module.out})

    def evaluated(stage: str, fn: Fn) -> None:
        results = [on_evaluator(fn, maps, given) for given in values]
        if stage in ("ir", "passes") or results != found["ir"]:
            found.setdefault(stage, results)

    def observed(fn: Fn, *_: object) -> None:
        evaluated("ir", fn)
        optimise(fn, evaluated)
        evaluated("passes", fn)

    with patch.object(sys.modules["kring.build"], "optimise", observed):
        built = kring.build(module.program)
    for name, target in (("vm", kring.Vm()), ("kernel", kring.Kernel()))[: 1 + kernel]:
        found[name] = on_target(built, target, values)
    return None if all(result == wanted for result in found.values()) else found


def on_evaluator(fn: Fn, module: Module, given: Numbers) -> Numbers:
    world = Evaluated(module, whoami())
    world.update("given", _KEY, packed(given))
    world.run(fn)
    return unpacked(world.contents("out")[_KEY])


def on_target(built: kring.Object, target: Target, values: list[Numbers]) -> list[Numbers]:
    found: list[Numbers] = []
    with kring.load(built, on=target) as s:
        for given in values:
            s.maps["given"][0] = {field: given.get(field, 0) for field in _FIELDS}
            s.programs["program"].run()
            left = s.maps["out"][0]
            found.append({field: getattr(left, field) for field in _FIELDS})
    return found


def packed(given: Numbers) -> bytes:
    return _PACKING.pack(*(given.get(field, 0) for field in _FIELDS))


def unpacked(data: bytes) -> Numbers:
    return dict(zip(_FIELDS, _PACKING.unpack(data), strict=True))


def check(random: Random, file: Path, kernel: bool, tally: Counter[str], seed: int = -1) -> None:
    program = Program(random)
    values = [dict(zip("abcdef", inputs(random), strict=True)) for _ in range(4)]
    for source, runs in (
        (program.source(None), values),
        (program.source(list(values[0].values())), values[:1]),
    ):
        tally["programs"] += 1
        try:
            found = disagreement(source, file, runs, kernel)
        except VerifierError as error:
            if not gave_up(error):
                pytest.fail(f"seed {seed}\n{source}\n{error}")
            tally["too complex for the verifier"] += 1
            continue
        assert found is None, f"seed {seed}\n{source}\ngiven {runs}\n" + "\n".join(
            f"{name:>10}: {result}" for name, result in (found or {}).items()
        )


def gave_up(error: VerifierError) -> bool:
    """Whether the verifier found nothing wrong, but more ways to follow than it follows."""
    return any(words in str(error) for words in ("too complex", "too large", "a million steps"))


def may_load() -> bool:
    """Whether this process may load programs into the kernel."""

    @kring.syscall
    def probe() -> None:
        return

    try:
        with kring.load(probe):
            return True
    except NotPermitted:
        return False


@pytest.fixture(scope="module")
def kernel() -> bool:
    return may_load()


@settings(
    max_examples=50, deadline=None, database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow,
                           HealthCheck.data_too_large],
)  # fmt: skip
@given(random=st.randoms(use_true_random=False))
def test_random_programs_in_the_vm(random: Random, tmp_path: Path) -> None:
    check(random, fresh(tmp_path), False, Counter())


def test_random_programs_by_seed(tmp_path: Path, kernel: bool) -> None:
    count, _, first = os.environ.get("KRING_RANDOM", "40").partition(":")
    tally: Counter[str] = Counter()
    for seed in range(int(first or 0), int(first or 0) + int(count)):
        check(Random(seed), fresh(tmp_path), kernel, tally, seed)
    print(dict(tally))


def fresh(directory: Path) -> Path:
    """A file name that no program had yet."""
    fresh.number = getattr(fresh, "number", 0) + 1  # type: ignore[attr-defined]
    return directory / f"program_{fresh.number}.py"  # type: ignore[attr-defined]
