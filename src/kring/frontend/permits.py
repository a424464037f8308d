"""Whether a helper may be called by hand at all, and from this kind of program.

In:  a helper, and the kind of the program that calls it.
Out: nothing, or an error that says what to write instead.
"""

from __future__ import annotations

from collections.abc import Iterator

from kring.abi.helper_use import RELEASE, USE
from kring.abi.helpers import Helper
from kring.abi.programs import Kind
from kring.abi.uapi import BPF_F_SLEEPABLE, ProgType
from kring.frontend.diagnose import refuse
from kring.ir.core import Span
from kring.spelling import article

_RESERVE = "write `with events.reserve() as e:`, or `e = events.try_reserve()`"
SURFACE: dict[str, tuple[str, str]] = {
    "ringbuf_reserve": ("a reserved record must end on every path, which is checked", _RESERVE),
    "ringbuf_submit": ("a record ends once, which is checked", "write `events.submit(e)`"),
    "ringbuf_discard": ("a record ends once, which is checked", "write `events.discard(e)`"),
    **dict.fromkeys(
        ("ringbuf_reserve_dynptr", "ringbuf_submit_dynptr", "ringbuf_discard_dynptr"),
        ("a reserved record must end on every path, which is checked", _RESERVE),
    ),
    "tail_call": (
        "the program that runs next is an entry of a `ProgArray`",
        "declare `jumps = ProgArray(8)` and write `jumps.tail_call(i)`",
    ),
    "spin_lock": ("a lock is released on every path, which is checked", "write `with v.lock:`"),
    "spin_unlock": ("a lock is released on every path, which is checked", "write `with v.lock:`"),
    "trace_printk": ("its format is constant text", 'write `print(f"…")`'),
    "trace_vprintk": ("its format is constant text", 'write `print(f"…")`'),
    "loop": ("it calls a function back", "write `for i in range(n):` or `while`"),
}
"""Helpers that the language has a form for: why they are not called by hand, what to write."""

MISSING: dict[str, str] = {
    "fn": "it calls a function back, and a program has no functions as values",
    "timer": "a timer calls a function back, and a program has no functions as values",
    "percpu": "it takes the address of a variable of the kernel, which programs cannot name",
    "kptr": "maps of programs here hold no kernel pointers",
    "bytes?": "what it returns is memory of no type; copy it with dynptr_read()",
}
"""Why a helper cannot be called, by the kind of argument or result that programs lack."""


def check_meant(helper: Helper, span: Span) -> None:
    if helper.name in SURFACE:
        why, instead = SURFACE[helper.name]
        refuse(span, f"{helper.name}() cannot be called by hand: {why}", instead)
    for kind in (*helper.args, helper.result):
        if kind in MISSING:
            refuse(span, f"{helper.name}() cannot be called from a program: {MISSING[kind]}")


def check_use(kind: Kind, helper: Helper, span: Span, called: str = "") -> None:
    """Refuse a helper that this kind of program may not call, as far as that is known; `called` is
    its name in the source, if that is another."""
    allowed = next((USE[key] for key in _keys(kind) if key in USE), None)
    if allowed is None or allowed >> helper.id & 1:
        return
    others = [key.split("/")[0].lower() for key, mask in USE.items() if mask >> helper.id & 1]
    if not others and _ELSEWHERE.get(helper.name, kind.type) is not kind.type:
        others = [_ELSEWHERE[helper.name].name.lower()]
    if not others:
        return
    release = ".".join(RELEASE.split(".")[:2])
    some = ", ".join(dict.fromkeys(others[:_LISTED])) + (", …" if len(others) > _LISTED else "")
    refuse(
        span,
        f"{article(kind.name)} program cannot call {called or f'{helper.name}()'}",
        f"Linux {release} has it for programs of these types: {some}",
    )


_LISTED = 6
_ELSEWHERE = {
    **dict.fromkeys(("get_func_arg", "get_func_ret", "get_func_arg_cnt"), ProgType.TRACING),
    **dict.fromkeys(("rc_repeat", "rc_keydown", "rc_pointer_rel"), ProgType.LIRC_MODE2),
}
"""Helpers of programs that could not be asked for, or only of some that were not."""


def _keys(kind: Kind) -> Iterator[str]:
    type = kind.type.name
    if kind.flags & BPF_F_SLEEPABLE:
        yield f"{type}/sleepable"
    yield f"{type}/{kind.attach.name.removeprefix('CGROUP_')}"
    yield type
