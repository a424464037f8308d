"""Decorators that mark functions as programs, by what they attach to.

A decorator does no I/O and compiles nothing: modules with programs import anywhere.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

from kring.abi.programs import KINDS, Kind, section
from kring.decl.packets import Xdp
from kring.errors import DeclarationError, NotLive
from kring.record import record

Function = Callable[..., Any]


@record(eq=False)
class Program:
    """A function to be compiled, and where it attaches; the key of its live handle."""

    function: Function
    kind: Kind
    target: str = ""

    @property
    def name(self) -> str:
        return self.function.__name__

    @property
    def section(self) -> str:
        """The name of its ELF section, which says kind and target."""
        return section(self.kind, self.target)

    def __call__(self, *_: object) -> NoReturn:
        raise NotLive(
            f"{self.name}() is a BPF program; the kernel calls it. "
            f"To run it once on given input: `s[{self.name}].run(…)`"
        )


def tracepoint(name: str) -> Callable[[Function], Program]:
    """Run at a tracepoint, named `category:event` as in tracefs.

    The context is a `TracepointArgs` class, or `Context`, or left out.
    """
    if not isinstance(name, str):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise DeclarationError('say which: `@tracepoint("sched:sched_process_exec")`')
    category, colon, event = name.partition(":")
    if not (category and colon and event):
        raise DeclarationError(
            f"tracepoint({name!r}): write category:event, as in sched:sched_process_exec"
        )
    return lambda function: Program(function, KINDS["tracepoint"], name)


def raw_tracepoint(name: str) -> Callable[[Function], Program]:
    """Run at a tracepoint, named without category, with its raw arguments."""
    return lambda function: Program(function, KINDS["raw_tracepoint"], name)


def xdp(function: Callable[[Xdp], int] | Callable[[], int], /) -> Program:
    """Run for each packet that a network device receives; the result is an `XdpAction`.

    `load(…, interface="eth0")` says which device.
    """
    return Program(function, KINDS["xdp"])


def syscall(function: Function) -> Program:
    """Run only when asked to, by `s[program].run()`."""
    return Program(function, KINDS["syscall"])
