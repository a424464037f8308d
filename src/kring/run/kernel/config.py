"""What is known of the running kernel: how it was configured, its version, what it can do.

In: a name, `CONFIG_HZ` or `LINUX_KERNEL_VERSION`. Out: its value as the configuration spells it, or
a number; None where nothing is known of it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from typing import Final

from kring.errors import LoadError
from kring.obj.object import Object, Program

_PACKED: Final = "/proc/config.gz"
_KALLSYMS: Final = "/proc/kallsyms"
_WRAPPED: Final = {"x86_64": "__x64_sys_bpf", "aarch64": "__arm64_sys_bpf"}
_GET_ATTACH_COOKIE: Final = 174
_MOST_PATCHES: Final = 255


class KernelConfig:
    """Answers from the files that tell, read at the first question."""

    def __init__(self) -> None:
        self._text: str | None = None
        self._symbols: str | None = None

    @property
    def where(self) -> str:
        """Where answers were looked for, for errors."""
        return f"neither {_PACKED} nor {_installed()} has it"

    def __call__(self, name: str) -> str | int | None:
        if name in _VIRTUAL:
            return _VIRTUAL[name](self)
        found = re.search(rf"^{re.escape(name)}=(.*)$", self._read(), re.MULTILINE)
        return found[1] if found and name.startswith("CONFIG_") else None

    def symbols(self) -> str:
        """The text of /proc/kallsyms."""
        if self._symbols is None:
            with open(_KALLSYMS) as file:
                self._symbols = file.read()
        return self._symbols

    def _read(self) -> str:
        if self._text is None:
            self._text = _configuration()
        return self._text


def _installed() -> str:
    return f"/boot/config-{os.uname().release}"


def _configuration() -> str:
    """The text of the kernel's configuration, empty if no file has it."""
    from gzip import BadGzipFile
    from gzip import open as unpacked

    try:
        with unpacked(_PACKED, "rt", errors="replace") as file:
            return file.read()
    except (OSError, BadGzipFile, EOFError):
        pass
    try:
        with open(_installed(), errors="replace") as file:
            return file.read()
    except OSError:
        return ""


def _version(config: KernelConfig) -> int:
    """KERNEL_VERSION(a, b, c) of the release `a.b.c-anything`."""
    numbers = re.match(r"(\d+)\.(\d+)(?:\.(\d+))?", os.uname().release)
    if numbers is None:
        return 0
    major, minor, patch = (int(text or 0) for text in numbers.groups())
    return major << 16 | minor << 8 | min(patch, _MOST_PATCHES)


def _has_syscall_wrapper(config: KernelConfig) -> int:
    """Whether the functions of system calls take their arguments behind a pointer.

    Since: Linux 4.17, commit fa697140f9a2 ("syscalls/x86: Use 'struct pt_regs' based syscall
    calling convention for 64-bit syscalls").
    """
    name = _WRAPPED.get(os.uname().machine)
    return int(name is not None and f" {name}\n" in config.symbols())


def _has_cookie(config: KernelConfig) -> int:
    """Whether programs can ask for the cookie they were attached with, found by trying.

    Since: Linux 5.15, commit 7adfc6c9b315 ("bpf: Add bpf_get_attach_cookie() BPF helper to access
    bpf_cookie value").
    """
    from kring.abi.asm import parse
    from kring.abi.code import encode
    from kring.run.kernel.kernel import Kernel

    program = Program("cookie", "kprobe", encode(parse(f"call {_GET_ATTACH_COOKIE}\nexit")))
    runtime = Kernel().open(Object("cookie", ()))
    try:
        runtime.load(program, program.code)
    except LoadError:
        return 0
    finally:
        runtime.close()
    return 1


_VIRTUAL: Final[dict[str, Callable[[KernelConfig], int]]] = {
    "LINUX_KERNEL_VERSION": _version,
    "LINUX_HAS_SYSCALL_WRAPPER": _has_syscall_wrapper,
    "LINUX_HAS_BPF_COOKIE": _has_cookie,
}
"""What is told by trying, and in no file."""
