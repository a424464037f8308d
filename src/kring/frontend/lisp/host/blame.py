"""Failures that name what was probably meant."""

from __future__ import annotations

from collections.abc import Iterator

from kring.frontend.lisp.forms import Symbol
from kring.frontend.lisp.host.data import Env, Failure
from kring.frontend.lisp.host.machine import FUNCTIONS, LATER, SPECIAL, Machine
from kring.ir.core import Span
from kring.spelling import suggestion


def unbound(machine: Machine, name: Symbol, env: Env, at: Span | None) -> Failure:
    """The failure of a variable that nothing binds."""
    known = [str(one) for one in machine.variables]
    inner: Env | None = env
    while inner is not None:
        known += map(str, inner.variables)
        inner = inner.outer
    hint = suggestion(name.name, known, quote="")
    if not hint and _called(machine, name.name):
        return Failure(f"{name} is a function, not a variable", f"write `#'{name}`", span=at)
    notes = () if hint else ("a macro computes with its operands and with what the file defines",)
    return Failure(f"no variable is called {name}.{hint}".rstrip("."), *notes, span=at)


def no_function(machine: Machine, name: Symbol, env: Env, at: Span | None) -> Failure:
    """The failure of a call whose name nothing has."""
    if name.name in SPECIAL or name.name in machine.macros:
        return Failure(f"{name} is no function", "write a lambda that uses it", span=at)
    reason = _ABSENT.get(name.name)
    if reason is None and name.name.startswith(("with-open", "sb-", "delete-file", "rename-")):
        reason = _FILES
    if reason is not None:
        return Failure(f"there is no {name} when macros are computed", reason, span=at)
    holder = env.holder(name)
    if holder is not None:
        how = f"write `(funcall {name} …)` if its value is one"
        return Failure(f"{name} is a variable, not a function", how, span=at)
    hint = suggestion(name.name, _names(machine), quote="")
    dot = "." if hint else ""
    return Failure(f"there is no function called {name}{dot}{hint}", span=at)


def _names(machine: Machine) -> Iterator[str]:
    yield from machine.functions
    yield from machine.macros
    yield from FUNCTIONS
    yield from SPECIAL
    yield from LATER


def _called(machine: Machine, name: str) -> bool:
    return machine.defined(name) is not None or name in FUNCTIONS or name in LATER


_FILES = "macros compute; they read and write no files, start no programs and have no network"
_LOADERS = "`kring run` loads and attaches what a file defines: leave the code that would do so out"
_VECTORS = "there are no vectors: use lists, with nth and position, or a hash table"
_CELLS = "lists do not change once they are made: build a new one and setf the variable"
_CLASSES = "there are no objects: lists, strings, symbols and hash tables hold what a macro needs"
_GO = "there are no labels: use loop, do or return-from"
_FLOATS = "there are only integers: floor, truncate and ash compute with them"

_ABSENT = {
    **dict.fromkeys(
        ("open", "close", "load", "read-line", "read-char", "probe-file", "directory",
         "run-program", "with-open-file", "run-shell-command", "getenv", "posix-getenv", "read",
         "pathname"), _FILES),
    **dict.fromkeys(
        ("vector", "make-array", "vector-push", "vector-push-extend"), _VECTORS),
    **dict.fromkeys(("rplaca", "rplacd"), _CELLS),
    **dict.fromkeys(
        ("defclass", "make-instance", "defmethod", "defgeneric", "slot-value"), _CLASSES),
    **dict.fromkeys(("go", "tagbody", "prog", "prog*"), _GO),
    **dict.fromkeys(("float", "sqrt", "sin", "cos", "log", "exp", "random"), _FLOATS),
    **dict.fromkeys(
        ("open-bpf-object", "load-bpf-object", "open-ring-consumer", "open-decoding-ring-consumer",
         "with-decoding-ring-consumer", "attach-kprobe", "attach-uprobe", "attach-tracepoint",
         "attach-xdp", "attach-tc", "attach-cgroup", "attach-fentry", "attach-lsm"), _LOADERS),
    "catch": "use block and return-from",
    "throw": "use block and return-from",
}  # fmt: skip
"""What people may look for here, and what there is instead."""
