"""One program, run on each engine, and what it left behind in its maps.

`observe` gives, for each name asked for: a list of an array's values or of a stream's records, a
dict of a hash's entries, the sum over CPUs in place of a per-CPU value, a variable's value, and
`lost`, `value`, `data` and `printed` for the number of lost records, the program's result, what it
made of the packet and the lines it printed.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from typing import Any

from case_evaluator import Evaluated, Who
from case_lisp import LispProgram
from case_trace import Trace

from kring import Kernel, Program, Vm, load
from kring.abi.uapi import PER_CPU, MapType
from kring.decl.maps import Declaration, MapDeclaration, Stream, key_type
from kring.decl.struct import pack, sizeof, unpack
from kring.decl.variables import Global
from kring.frontend.maps import ARRAYS
from kring.frontend.module import Module
from kring.frontend.python import compile_program
from kring.handles import declared_handle
from kring.ir.check import check
from kring.ir.passes import optimise
from kring.ir.text import parse_fn
from kring.run.target import RunResult, Target
from kring.run.vm.task import Task
from kring.session import Session
from kring.spelling import c_name
from kring.stream.containers import FilterHandle, QueueHandle
from kring.stream.maps import codec

Maps = Mapping[str, Declaration]
Source = Program | LispProgram
Contents = Mapping[str, Any]


def whoami() -> Who:
    """The task this process is."""
    with open("/proc/thread-self/comm") as file:
        comm = file.read().rstrip("\n")
    return Who(os.getpid(), threading.get_native_id(), os.getuid(), os.getgid(), comm)


def on_ir(
    program: Source,
    maps: Maps,
    given: Contents,
    wanted: list[str],
    times: int,
    data: bytes,
    ctx: bytes,
    passes: bool,
) -> dict[str, Any]:
    """What the evaluator makes of the program, before the passes or after them."""
    module = Module()
    lisp = isinstance(program, LispProgram)
    fn = program.compiled(module) if lisp else compile_program(program, module, {})
    check(fn)
    if passes:
        optimise(fn)
        fn = parse_fn(str(fn))
    world = Evaluated(module, whoami())
    for name, content in given.items():
        declaration = maps[name]
        if isinstance(declaration, Global):
            world.world.write(world.variable(name)[0], pack(declaration.cell(value=content)))
            continue
        assert isinstance(declaration, MapDeclaration)
        encode = codec(declaration.types[-1])[0]
        kind = key_type(declaration)
        for key, value in _entries(content):
            world.update(name, codec(kind)[0](key) if kind else b"", encode(value))
    value = 0
    for _ in range(times):
        value = world.run(fn, program.kind, data, ctx)
    return {name: _ir_content(world, name, maps, value & 0xFFFF_FFFF) for name in wanted}


def _ir_content(world: Evaluated, name: str, maps: Maps, value: int) -> Any:
    if name in _FACTS:
        facts = {"lost": world.dropped, "data": world.data, "printed": lambda: world.printed}
        return value if name == "value" else facts[name]()
    declaration = maps[name]
    if isinstance(declaration, Global):
        address, _ = world.variable(name)
        held: Any = unpack(declaration.cell, world.world.read(address, sizeof(declaration.cell)))
        return held.value
    assert isinstance(declaration, MapDeclaration)
    decode = codec(declaration.types[-1])[1]
    if isinstance(declaration, Stream):
        return [decode(record) for record in world.records(name)]
    kind = key_type(declaration)
    if kind is None:
        return [decode(value) for value in world.kept[name]]
    key = codec(kind)[1]
    found = {key(k): decode(v) for k, v in world.contents(name).items()}
    return list(found.values()) if declaration.type in ARRAYS else found


_FACTS = ("lost", "value", "data", "printed")


def on_target(
    target: Target,
    program: Source,
    maps: Maps,
    given: Contents,
    wanted: list[str],
    times: int,
    data: bytes,
    ctx: bytes = b"",
) -> dict[str, Any]:
    """What the program does in the VM or in the kernel."""
    tracing = Trace() if "printed" in wanted and isinstance(target, Kernel) else nullcontext()
    with tracing as trace, loaded(program, target) as s:
        handles = _handles(s, maps, program)
        for name, content in given.items():
            if isinstance(maps[name], Global):
                handles[name].value = content
                continue
            for key, value in _entries(content):
                _give(handles[name], key, value)
        result = RunResult(0)
        for _ in range(times):
            result = s.programs[c_name(program.name)].run(data=data, ctx=ctx)
        found = {
            name: _content(handles, name, maps, result) for name in wanted if name != "printed"
        }
        if "printed" in wanted:
            runtime: Any = s._runtime
            found["printed"] = trace.lines() if trace else runtime.world.printed
        return found


def loaded(program: Source, target: Target) -> Session:
    """A session of the program; one of a Lisp file is there with the others of it."""
    if isinstance(program, Program):
        return load(program, on=target, attach=False)
    records = {
        name: one.types[0]
        for name, one in program.maps.items()
        if isinstance(one, Stream) and isinstance(one.types[0], type)
    }
    return load(program.object, on=target, attach=False, records=records)


def _handles(s: Session, maps: Maps, program: Source) -> dict[str, Any]:
    """Handles of the maps, by their declarations."""
    live = {**s.maps, **s.globals}
    found = {name: live[name] for name in maps if name in live}
    if isinstance(program, LispProgram):
        # the object's own handles have classes of their own for its structs
        for name, one in maps.items():
            if not isinstance(one, Stream):
                made: Any = one
                handle, runtime = found[name], s._runtime
                assert runtime is not None
                found[name] = declared_handle(handle._live, made, runtime, None, s._descriptor)
    return found


def _give(handle: Any, key: Any, value: Any) -> None:
    match handle:
        case QueueHandle():
            assert handle.push(value)
        case FilterHandle():
            handle.add(value)
        case _:
            handle[key] = value


def _content(handles: Mapping[str, Any], name: str, maps: Maps, result: RunResult) -> Any:
    if name in ("value", "data"):
        return result.value if name == "value" else result.data
    streams = [n for n in handles if isinstance(maps[n], Stream)]
    if name == "lost":
        return sum(handles[n].dropped or 0 for n in streams)
    declaration, handle = maps[name], handles[name]
    if isinstance(declaration, Global):
        return handle.value
    assert isinstance(declaration, MapDeclaration)
    if isinstance(declaration, Stream):
        return handle.poll(timeout=0)
    if isinstance(handle, QueueHandle):
        found = list(iter(handle.pop, None))
        return found[::-1] if declaration.type is MapType.STACK else found
    found = dict(handle.items())
    if declaration.type in PER_CPU:
        found = {key: sum(values) for key, values in found.items()}
    return list(found.values()) if declaration.type in ARRAYS else found


def _entries(content: Any) -> list[tuple[Any, Any]]:
    return list(content.items() if isinstance(content, dict) else enumerate(content))


def in_vm(*run: Any) -> dict[str, Any]:
    who = whoami()
    task = Task(who.pid, who.tid, os.getppid(), who.comm, who.uid, who.gid)
    return on_target(Vm(task=task), *run)


def in_kernel(*run: Any) -> dict[str, Any]:
    return on_target(Kernel(), *run)


ENGINES: dict[str, Callable[..., dict[str, Any]]] = {
    "ir": lambda *run: on_ir(*run, passes=False),
    "passes": lambda *run: on_ir(*run, passes=True),
    "vm": in_vm,
    "kernel": in_kernel,
}
"""Each takes a program, the maps by name, what they hold first, what is wanted, how often to run
it, the packet it runs on and what is given of its context."""
