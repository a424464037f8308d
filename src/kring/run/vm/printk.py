"""bpf_trace_printk's format, turned into text.

In:  the format's bytes and its arguments.
Out: `format_printk(memory, format, arguments)`, the line, or None where the kernel says EINVAL.
See: kernel/trace/bpf_trace.c, bpf_trace_printk; kernel/bpf/helpers.c, bpf_bprintf_prepare.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from kring.run.vm.arith import signed
from kring.run.vm.memory import Memory

_DIRECTIVE = re.compile(r"%(?:%|([-+ 0]*)([0-9]*)(ll|l)?([diuxXpcs]))")
_ALLOWED = re.compile(r"[\t-\r -~]*")
_LONGEST_STRING = 512


def format_printk(memory: Memory, format: bytes, arguments: Sequence[int]) -> str | None:
    """The text, or None for a format without its NUL, or with what the kernel does not know."""
    text, nul, _ = format.decode(errors="replace").partition("\0")
    left = list(arguments)
    if not nul or not _ALLOWED.fullmatch(text) or "%" in _DIRECTIVE.sub("", text):
        return None
    if sum(found[0] != "%%" for found in _DIRECTIVE.finditer(text)) > len(left):
        return None
    return _DIRECTIVE.sub(lambda found: _one(memory, found, left), text)


def _one(memory: Memory, found: re.Match[str], left: list[int]) -> str:
    if found[0] == "%%":
        return "%"
    value = left.pop(0)
    flags, width, long, kind = found.groups("")
    if kind == "s":
        return _aligned(_string(memory, value), flags, width)
    if kind == "c":
        return chr(value & 0xFF)
    bits = 64 if long or kind == "p" else 32
    value &= (1 << bits) - 1
    if kind == "p":
        return f"{value:016x}"
    signs = kind in "di"
    sign = "+" if signs and "+" in flags else " " if signs and " " in flags else ""
    zero = f"0{width}" if width and "0" in flags and "-" not in flags else ""
    number = signed(value, bits) if signs else value
    return _aligned(format(number, f"{sign}{zero}{kind if kind in 'xX' else 'd'}"), flags, width)


def _aligned(text: str, flags: str, width: str) -> str:
    size = int(width or 0)
    return text.ljust(size) if "-" in flags else text.rjust(size)


def _string(memory: Memory, address: int) -> str:
    """The string at an address of either kind; empty where nothing is."""
    for user in (True, False):
        if data := memory.probe(address, _LONGEST_STRING, user=user):
            return data.split(b"\0")[0].decode(errors="replace")
    return ""
