"""A user's Lisp file, built.

In:  the path of a file, and the system that answers what its forms ask of a running one.
Out: `built(path)`, the object of its programs, and what the build knows beside it.
Rule: the system is asked only if a form needs it, and nothing of it is imported before.
"""

from __future__ import annotations

import gc
from collections.abc import Sequence
from typing import TYPE_CHECKING

from kring.errors import CompileError, ObjectError
from kring.obj.object import Object
from kring.spelling import c_name

if TYPE_CHECKING:
    from kring.abi.programs import Kind, Parameter
    from kring.abi.tracepoints import TraceField
    from kring.abi.usdt import Site
    from kring.btf.blob import Btf
    from kring.build import Dump
    from kring.frontend.lisp.unit import Defprog
    from kring.frontend.module import Module
    from kring.run.target import Runtime, Target


def built(path: str, on: Target | None = None, dump: Dump | None = None) -> tuple[Object, Module]:
    """The object that the programs of a file make; `on` is the kernel by default.

    Raises: OSError; ObjectError for what is no text; CompileError at the place in the file.
    """
    text, facts = _text(path), _Asked(on)
    # Importing and building make objects by the ten thousand and hardly any garbage.
    collecting = gc.isenabled()
    gc.disable()
    try:
        from kring.build import compile_all
        from kring.frontend.lisp.toplevel import programs_of

        programs = programs_of(text, path, facts)
        obj, module = compile_all(programs, facts, dump)
    finally:
        facts.close()
        if collecting:
            gc.enable()
    unit = programs[0].unit
    known = ((c_name(one.name.strip("+")), unit.host.constant(one)) for one in unit.constants)
    module.numbers.update((name.upper(), value) for name, value in known if value is not None)
    return obj, module


def apart(path: str, on: Target) -> tuple[list[tuple[Defprog, Object | CompileError]], list[str]]:
    """Each program of a file with the object that it makes by itself, or why it makes none; and
    what there is to say about them.

    Raises: as `built`, for what is outside of programs.
    """
    from kring.build import compile_all
    from kring.frontend.lisp.toplevel import programs_of

    facts = _Asked(on)
    found: list[tuple[Defprog, Object | CompileError]] = []
    try:
        programs = programs_of(_text(path), path, facts)
        for program in programs:
            try:
                found.append((program, compile_all([program], facts)[0]))
            except CompileError as error:
                found.append((program, error))
    finally:
        facts.close()
    return found, list(programs[0].unit.notes)


def _text(path: str) -> str:
    try:
        with open(path, encoding="utf-8-sig") as file:
            return file.read()
    except UnicodeDecodeError as error:
        raise ObjectError(f"{path} is not Lisp: byte {error.start} is no UTF-8") from None


class _Asked:
    """What a running system says, which is opened at the first question."""

    def __init__(self, on: Target | None) -> None:
        self._on = on
        self._opened: Runtime | None = None

    def _running(self) -> Runtime:
        if self._opened is None:
            if self._on is None:
                from kring.run.kernel.kernel import Kernel

                self._on = Kernel()
            self._opened = self._on.open(Object("facts", ()))
        return self._opened

    def close(self) -> None:
        if self._opened is not None:
            self._opened.close()

    @property
    def btf(self) -> Btf | None:
        return self._running().btf

    def tracepoint(self, name: str) -> Sequence[TraceField]:
        return self._running().tracepoint(name)

    def parameters(self, kind: Kind, target: str) -> Sequence[Parameter] | None:
        return self._running().parameters(kind, target)

    def sites(self, target: str) -> Sequence[Site]:
        return self._running().sites(target)
