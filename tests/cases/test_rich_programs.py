"""Random programs of structs, maps, records and functions: the reference, the IR before and after
every pass, the VM and the kernel agree on all that programs leave behind.

`KRING_RICH=5000 pytest tests/cases/test_rich_programs.py` runs that many programs by seed,
`KRING_RICH=5000:1000` begins at seed 5000; a disagreement prints the seed and the program.
"""

from __future__ import annotations

import os
import types
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

import pytest
from case_engines import whoami
from case_evaluator import Evaluated
from random_program import inputs
from rich_program import RichProgram
from test_random_programs import Numbers, fresh, gave_up, may_load, packed, unpacked

import kring
from kring.errors import VerifierError
from kring.frontend.module import Module
from kring.frontend.python import compile_program
from kring.ir.core import Fn
from kring.ir.passes import optimise
from kring.run.target import Target
from kring.stream.maps import codec
from rich_reference import STRUCTS, World, run

Left = dict[str, Any]
"""What is left behind: `out` after each run, and at the end every map, variable and record."""
_KEY = bytes(4)
_HASHES = ("counts", "keyed", "table")


def expected(source: str, values: list[Numbers]) -> Left:
    world = World()
    out = [run(source, given, world) for given in values]
    return {
        "out": out,
        "counts": world.counts,
        "keyed": world.keyed,
        "table": {key: tuple(pair.values()) for key, pair in world.table.items()},
        "slots": world.slots,
        "small": world.variables["small"],
        "large": world.variables["large"],
        "events": [tuple(pair.values()) for pair in world.records if pair],
        "lost": world.lost,
    }


def plain(thing: Any) -> Any:
    """A struct as the tuple of its fields, nested ones in their place."""
    if not isinstance(thing, kring.Struct):
        return thing
    names = STRUCTS[type(thing).__name__]
    found: list[Any] = []
    for name in names:
        value: Any = thing
        for part in name.split("."):
            value = getattr(value, part)
        found.append(value)
    return tuple(found)


def on_evaluator(fn: Fn, module: Module, names: dict[str, Any], values: list[Numbers]) -> Left:
    world = Evaluated(module, whoami())
    out: list[Numbers] = []
    for given in values:
        world.update("given", _KEY, packed(given))
        world.run(fn)
        out.append(unpacked(world.contents("out")[_KEY]))
    left: Left = {"out": out, "lost": world.dropped()}
    for name in module.maps:
        key, value = (codec(kind)[1] for kind in key_value(names[name]))
        if name == "events":
            left[name] = [plain(value(record)) for record in world.records(name)]
        elif name in _HASHES:
            entries = world.contents(name).items()
            left[name] = {plain(key(k)): plain(value(v)) for k, v in entries}
        elif name == "slots":
            left[name] = [value(v) for v in world.contents(name).values()]
    for name in module.variables:
        address, cell = world.variable(name)
        left[name] = codec(cell.types[0])[1](world.world.read(address, len(cell.initial)))
    return left


def key_value(declaration: Any) -> tuple[Any, Any]:
    return declaration.types[0], declaration.types[-1]


def on_target(
    program: kring.Program, names: dict[str, Any], target: Target, values: list[Numbers]
) -> Left:
    out: list[Numbers] = []
    with kring.load(program, on=target, attach=False) as s:
        live = {**s.maps, **s.globals}
        for given in values:
            live["given"][0] = kring.unpack(names["Numbers"], packed(given))
            s[program].run()
            out.append(unpacked(kring.pack(live["out"][0])))
        left: Left = {"out": out}
        for name, handle in live.items():
            match names.get(name):
                case kring.RingBuf():
                    left[name] = [plain(record) for record in handle.poll(timeout=0)]
                    left["lost"] = handle.dropped
                case kring.Global():
                    left[name] = handle.value
                case kring.Array() if name == "slots":
                    left[name] = list(handle.values())
                case kring.Hash():
                    left[name] = {plain(k): plain(v) for k, v in handle.items()}
                case _:
                    continue
    return left


def disagreement(
    source: str, file: Path, values: list[Numbers], kernel: bool
) -> dict[str, Left] | None:
    """What each engine made of the program if they are not one; None if they are.

    Raises: VerifierError if the kernel refuses the program.
    """
    file.write_text(source)
    module = types.ModuleType(file.stem)
    exec(compile(source, str(file), "exec"), vars(module))
    names = vars(module)
    wanted = expected(source, values)
    built = Module()
    fn = compile_program(module.program, built, {})
    found = {"ir": on_evaluator(fn, built, names, values)}

    def after(stage: str, fn: Fn) -> None:
        left = on_evaluator(fn, built, names, values)
        if left != found["ir"]:
            found.setdefault(stage, left)

    optimise(fn, after)
    found["passes"] = on_evaluator(fn, built, names, values)
    for name, target in (("vm", kring.Vm()), ("kernel", kring.Kernel()))[: 1 + kernel]:
        found[name] = on_target(module.program, names, target, values)
    if all(left == {key: wanted[key] for key in left} for left in found.values()):
        return None
    return {"reference": wanted, **found}


def check(seed: int, file: Path, kernel: bool, tally: Counter[str]) -> None:
    random = Random(seed)
    program = RichProgram(random)
    values = [dict(zip("abcdef", inputs(random), strict=True)) for _ in range(3)]
    for source, runs in (
        (program.source(None), values),
        (program.source(list(values[0].values())), values[:1]),
    ):
        tally["programs"] += 1
        tally["functions"] += len(program.functions)
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


def test_rich_programs_by_seed(tmp_path: Path) -> None:
    count, _, first = os.environ.get("KRING_RICH", "30").partition(":")
    tally: Counter[str] = Counter()
    kernel = may_load()
    for seed in range(int(first or 0), int(first or 0) + int(count)):
        check(seed, fresh(tmp_path), kernel, tally)
    print(dict(tally))
