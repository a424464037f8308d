"""The verifier takes each helper with arguments of the kinds that the table says, and of no others.

A program is assembled for each: what its arguments want is put into registers, for a kind of
program that may call it.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from errno import EPERM

import pytest

from kring.abi.asm import parse
from kring.abi.code import encode
from kring.abi.helper_use import USE
from kring.abi.helpers import HELPERS, READS_PACKET, Helper
from kring.abi.uapi import BPF_F_NO_PREALLOC, BPF_F_SLEEPABLE, MapType, ProgType
from kring.run.kernel import syscall
from kring.run.kernel.syscall import Fds, address, bpf_open, buffer

pytestmark = pytest.mark.kernel

SIZE = 16
"""Of every buffer, key and value."""
OUTSIDE = frozenset(("fn", "timer", "lock", "percpu", "kptr", "str", "record"))
"""Kinds that no register can be given here."""
ATTACH = {
    "CGROUP_SOCK": 2, "SK_LOOKUP": 36, "TRACE_RAW_TP": 23, "NETFILTER": 45, "INET4_CONNECT": 10,
    "GETSOCKOPT": 21,
}  # fmt: skip
SHAPES = {
    "ARRAY": (4, SIZE, 1), "PERCPU_ARRAY": (4, SIZE, 1), "PERF_EVENT_ARRAY": (4, 4, 2),
    "STACK_TRACE": (4, 64, 4), "PROG_ARRAY": (4, 4, 2), "CGROUP_ARRAY": (4, 4, 2),
    "DEVMAP": (4, 4, 2), "SOCKMAP": (4, 4, 2), "QUEUE": (0, SIZE, 2), "RINGBUF": (0, 0, 4096),
    "SOCKHASH": (SIZE, 4, 2), "REUSEPORT_SOCKARRAY": (4, 4, 2), "CGROUP_STORAGE": (16, SIZE, 0),
}  # fmt: skip
"""Key size, value size and entries of maps that are no hashes."""
FIXED = {
    "sys_bpf": {0: 1}, "perf_event_read_value": {3: 24}, "perf_prog_read_value": {2: 24},
    "get_ns_current_pid_tgid": {3: 8}, "ringbuf_reserve_dynptr": {1: 8},
    "sk_lookup_tcp": {2: 12}, "sk_lookup_udp": {2: 12}, "skc_lookup_tcp": {2: 12},
    "tcp_raw_gen_syncookie_ipv4": {2: 20}, "tcp_raw_gen_syncookie_ipv6": {2: 20},
}  # fmt: skip
"""Numbers that the verifier or the helper's meaning wants, by position."""
LEAKS = "Unreleased reference"
REFUSED = {
    **dict.fromkeys(("sk_lookup_tcp", "sk_lookup_udp", "skc_lookup_tcp"), LEAKS),
    **dict.fromkeys(("ringbuf_reserve", "ringbuf_reserve_dynptr"), LEAKS),
    **dict.fromkeys(("ringbuf_submit_dynptr", "ringbuf_discard_dynptr"), "unacquired reference"),
    **dict.fromkeys(("dynptr_read", "dynptr_write", "dynptr_data"), "an initialized dynptr"),
    "dynptr_from_mem": "Unsupported reg type fp for bpf_dynptr_from_mem data",
}  # fmt: skip
"""What is said of those that take more than a call to be right; their arguments are."""
NO_MAP = ("SK_STORAGE", "INODE_STORAGE", "TASK_STORAGE", "CGRP_STORAGE", "USER_RINGBUF")
"""Types of maps that this file does not make."""


@pytest.fixture
def fds() -> Iterator[Fds]:
    made = Fds()
    yield made
    made.close()


def created(fds: Fds, type: str) -> int:
    key, value, entries = SHAPES.get(type, (SIZE, SIZE, 4))
    flags = BPF_F_NO_PREALLOC if type == "LPM_TRIE" else 0
    attr = struct.pack("<5I", MapType[type], key, value, entries, flags)
    return bpf_open(fds, syscall.MAP_CREATE, attr.ljust(72, b"\0"))


def refusal(fds: Fds, key: str, text: str) -> str | None:
    """What the verifier says of a program of a kind, None if it takes it."""
    type, _, how = key.partition("/")
    code = encode(parse(text))
    log, insns, license = buffer(1 << 18), buffer(code), buffer(b"GPL\0")
    attr = struct.pack(
        "<2I2Q2IQ2I16s3I", ProgType[type], len(code) // 8, address(insns), address(license), 2,
        1 << 18, address(log), 0, BPF_F_SLEEPABLE if how == "sleepable" else 0, b"probe", 0,
        ATTACH.get(how, ATTACH.get(type, 0)), 0,
    )  # fmt: skip
    try:
        bpf_open(fds, syscall.PROG_LOAD, attr)
    except OSError as error:
        if error.errno == EPERM:
            pytest.skip("not permitted")
        return log.value.decode(errors="replace") or str(error)
    return None


def callable_here(helper: Helper) -> bool:
    """Whether some kind of program may call it, with arguments that can be had here."""
    return any(mask >> helper.id & 1 for mask in USE.values()) and not any(
        kind in OUTSIDE
        or (kind == "btf" and more != "task_struct")
        or (kind == "map" and more in NO_MAP)
        for kind, more in zip(helper.args, helper.more, strict=True)
    )


def assembled(fds: Fds, helper: Helper, null: int = -1, zero: int = -1) -> str:
    """A program that calls the helper, with NULL or a size of 0 at a position."""
    lines = ["mov %r6, %r1", *(f"stdw [%r10-{at}], 0" for at in range(8, 257, 8))]
    if "btf" in helper.args:
        lines += [f"call {HELPERS['get_current_task_btf'].id}", "mov %r7, %r0"]
    used = 0
    for at, kind in enumerate(helper.args):
        register = f"%r{at + 1}"
        if at in (null, zero):
            lines.append(f"mov {register}, 0")
            continue
        match kind:
            case "ctx":
                lines.append(f"mov {register}, %r6")
            case "int" | "addr":
                lines.append(f"mov {register}, {FIXED.get(helper.name, {}).get(at, 0)}")
            case "size":
                lines.append(f"mov {register}, {FIXED.get(helper.name, {}).get(at, SIZE)}")
            case "map":
                type = (helper.more[at] or "HASH").split("|")[0]
                lines.append(f"lddw {register}, map_fd({created(fds, type)})")
            case "btf":
                lines.append(f"mov {register}, %r7")
            case _:
                used += 40
                lines += [f"mov {register}, %r10", f"add {register}, -{used}"]
    return "\n".join([*lines, f"call {helper.id}", "mov %r0, 0", "exit"])


def verdict(fds: Fds, helper: Helper, null: int = -1, zero: int = -1) -> str | None:
    """None if some kind of program may call it so, else what the verifier says against it."""
    text = assembled(fds, helper, null, zero)
    said: str | None = ""
    for key, mask in USE.items():
        if mask >> helper.id & 1:
            said = refusal(fds, key, text)
            if said is None:
                return None
    return said


CALLABLE = [helper for helper in HELPERS.values() if callable_here(helper)]


@pytest.mark.parametrize("helper", CALLABLE, ids=lambda helper: helper.name)
def test_arguments_of_the_table_are_taken(helper: Helper, fds: Fds) -> None:
    said = verdict(fds, helper)
    expected = REFUSED.get(helper.name)
    assert (said is None) if expected is None else (said is not None and expected in said)
    if said is not None:
        return
    for at, kind in enumerate(helper.args):
        optional = at in helper.optional
        if kind == "size":
            assert (verdict(fds, helper, zero=at) is None) == optional, f"{helper.params[at]} of 0"
        if kind in ("in", "out", "inout", "value", "btf"):
            sized = helper.args[at + 1 : at + 2] == ("size",)
            taken = verdict(fds, helper, null=at, zero=at + 1 if sized else -1) is None
            assert taken == optional, f"{helper.params[at]} NULL"


PACKETS = {"XDP": (0, 4), "SCHED_CLS": (76, 80)}
"""Where the context of a kind has the packet's first byte, and the end of its last."""
READING = [
    (helper, at)
    for helper in CALLABLE
    for at, kind in enumerate(helper.args)
    if kind in ("in", "out", "inout", "key", "value")
    and any(USE[key] >> helper.id & 1 for key in PACKETS)
    and REFUSED.get(helper.name, LEAKS) == LEAKS
]


@pytest.mark.parametrize(
    ("helper", "at"), READING, ids=[f"{helper.name}-{at}" for helper, at in READING]
)
def test_memory_of_the_packet_is_taken_by_those_listed(helper: Helper, at: int, fds: Fds) -> None:
    first, *rest = assembled(fds, helper).splitlines()
    found = rest.index(f"mov %r{at + 1}, %r10")
    rest[found : found + 2] = [f"mov %r{at + 1}, %r8"]
    taken: list[bool] = []
    for key, (data, end) in PACKETS.items():
        if USE[key] >> helper.id & 1:
            begin = [
                first, f"ldxw %r8, [%r6+{data}]", f"ldxw %r9, [%r6+{end}]", "mov %r2, %r8",
                "add %r2, 64", "jle %r2, %r9, +2", "mov %r0, 0", "exit",
            ]  # fmt: skip
            said = refusal(fds, key, "\n".join([*begin, *rest]))
            taken.append(said is None or LEAKS in said)
    assert any(taken) == (helper.name in READS_PACKET)
