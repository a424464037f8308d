"""bpf_trace_printk's format, turned into text.

In:  the format's bytes and up to three arguments.
Out: `format_printk(memory, format, arguments)`, the line, or None where the kernel says EINVAL.
See: kernel/trace/bpf_trace.c, bpf_trace_printk; kernel/bpf/helpers.c, bpf_bprintf_prepare.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from kring.run.vm.arith import signed
from kring.run.vm.memory import Memory

_DIRECTIVE = re.compile(r"%(?:%|(0?[0-9]*)(ll|l)?([diuxXpc])|(?:[0-9]*)(s))")
_LONGEST_STRING = 512


def format_printk(memory: Memory, format: bytes, arguments: Sequence[int]) -> str | None:
    """The text, or None for a format without its NUL, or with what the kernel does not know."""
    text, nul, _ = format.decode(errors="replace").partition("\0")
    left = list(arguments)
    if not nul or "%" in _DIRECTIVE.sub("", text):
        return None
    if sum(found[0] != "%%" for found in _DIRECTIVE.finditer(text)) > len(left):
        return None
    return _DIRECTIVE.sub(lambda found: _one(memory, found, left), text)


def _one(memory: Memory, found: re.Match[str], left: list[int]) -> str:
    if found[0] == "%%":
        return "%"
    value = left.pop(0)
    if found[4]:
        return _string(memory, value)
    bits = 64 if found[2] or found[3] == "p" else 32
    value &= (1 << bits) - 1
    match found[3]:
        case "c":
            return chr(value & 0xFF)
        case "p":
            return f"{value:016x}"
        case "x" | "X":
            return format(value, f"{found[1]}{found[3]}")
        case "d" | "i":
            return format(signed(value, bits), f"{found[1]}d")
        case _:
            return format(value, f"{found[1]}d")


def _string(memory: Memory, address: int) -> str:
    """The string at an address of either kind; empty where nothing is."""
    for user in (True, False):
        if data := memory.probe(address, _LONGEST_STRING, user=user):
            return data.split(b"\0")[0].decode(errors="replace")
    return ""
