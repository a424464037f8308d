"""What the compiler takes of a call by name, the verifier takes: each helper in a program of each
kind that may call it, written as a user would."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from pathlib import Path

import pytest
from test_kernel_helpers import CALLABLE, FIXED, REFUSED, SIZE

from kring import NotPermitted, Program, load
from kring.abi.helper_use import USE
from kring.abi.helpers import ACQUIRES, TRACED, Helper
from kring.abi.programs import KINDS, Kind
from kring.frontend.permits import SURFACE

pytestmark = pytest.mark.kernel

HEAD = """
from kring import *
from kring import helpers

class Buffer(Struct):
    a: u64
    b: u64
    c: u64
    d: u64
    e: u64

class bpf_dynptr(Struct):
    a: u64
    b: u64

class Two(Struct):
    a: u64
    b: u64

class bpf_sock(KernelStruct):
    state: u32

class pt_regs(KernelStruct):
    ip: u64

table = Hash[u64, Two](max_entries=4)
shared = PerCpuHash[u64, Two](max_entries=4)
ring = RingBuf[Two](4096)
queue = Queue[Two](4)
samples = PerfBuf[Two]()
traces = StackTraces(max_entries=4)
"""
MAPS = {
    "HASH": "table",
    "PERCPU_HASH": "shared",
    "RINGBUF": "ring",
    "QUEUE": "queue",
    "PERF_EVENT_ARRAY": "samples",
    "STACK_TRACE": "traces",
}
SLEEPLESS = {"PERF_EVENT_ARRAY", "STACK_TRACE"}
"""Types of maps that programs which may sleep are not let use."""
DECORATORS = {
    "xdp": ("@xdp", "ctx: Xdp", "ctx"),
    "tc": ("@tc", "ctx: Skb", "ctx"),
    "tracepoint": ('@tracepoint("sched:sched_switch")', "ctx: Context", "ctx"),
    "tp_btf": ('@tp_btf("sched_switch")', "", "None"),
    "perf_event": ("@perf_event(frequency=99)", "ctx: PerfEvent", "ctx"),
    "cgroup_skb": ("@cgroup_skb", "ctx: Skb", "ctx"),
    "syscall": ("@syscall", "ctx: Context", "ctx"),
}
"""By kind: decorator, parameter, and what stands for the context in a call."""


def may_call(kind: Kind, helper: Helper) -> bool:
    keys = (f"{kind.type.name}/sleepable", f"{kind.type.name}/{kind.attach.name}", kind.type.name)
    known = [USE[key] for key in keys[0 if kind.flags else 1 :] if key in USE]
    return bool(known) and bool(known[0] >> helper.id & 1)


def calls() -> Iterator[tuple[Helper, str]]:
    for helper in CALLABLE:
        maps = [more for kind, more in zip(helper.args, helper.more, strict=True) if kind == "map"]
        if helper.name in SURFACE:
            continue
        if helper.name in REFUSED and helper.name not in (*ACQUIRES, "dynptr_from_mem"):
            continue
        if all((more or "HASH").split("|")[0] in MAPS for more in maps):
            yield from (
                (helper, name)
                for name in DECORATORS
                if may_call(KINDS[name], helper)
                and not (helper.name in TRACED and name in ("tp_btf", "syscall"))
                and not (name == "syscall" and SLEEPLESS & set(maps))
            )


def source(helper: Helper, name: str) -> str:
    """A program of that kind which calls the helper."""
    decorator, parameter, context = DECORATORS[name]
    before: list[str] = []
    args: list[str] = []
    for at, kind in enumerate(helper.args):
        fixed = FIXED.get(helper.name, {}).get(at)
        made = {"dynptr": "bpf_dynptr()", "value": "Two()", "into": "Two()"}.get(kind, "Buffer()")
        match kind:
            case "int" | "addr":
                args.append(str(fixed or 0))
            case "size":
                args.append(str(fixed or SIZE))
            case "map":
                args.append(MAPS[(helper.more[at] or "HASH").split("|")[0]])
            case "key":
                args.append("1")
            case "ctx":
                args.append(context)
            case "btf":
                args.append("current.task")
            case "kept":
                before += [f"m{at} = table.get(1)", f"if m{at} is None:", "    return 1"]
                args.append(f"m{at}")
            case _:
                before.append(f"m{at} = {made}")
                args.append(f"m{at}")
    call = f"r = helpers.{helper.name}({', '.join(args)})"
    end = ACQUIRES.get(helper.name)
    after = ["if r is not None:", f"    helpers.{end}(r)"] if end else []
    result = "0" if name == "tp_btf" else "1"
    lines = [*before, call, *after, f"return {result}"]
    lines = [line.replace("return 1", f"return {result}") for line in lines]
    body = "\n    ".join(lines)
    return f"{HEAD}\n{decorator}\ndef p({parameter}) -> int:\n    {body}\n"


CALLS = list(calls())


@pytest.mark.parametrize(("helper", "name"), CALLS, ids=[f"{h.name}-{n}" for h, n in CALLS])
def test_what_is_compiled_is_loaded(helper: Helper, name: str, tmp_path: Path) -> None:
    path = tmp_path / "calls.py"
    path.write_text(source(helper, name))
    spec = importlib.util.spec_from_file_location("calls", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    program = module.p
    assert isinstance(program, Program)
    try:
        with load(program, attach=False):
            pass
    except NotPermitted as error:
        pytest.skip(str(error))
