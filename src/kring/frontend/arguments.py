"""The arguments of the function that a program is attached to, as the program's parameters.

In: parameters with their types, by position. Out: variables with the arguments' values, loaded
where the program begins: from an array of 64-bit words, or from the CPU's registers. Integers are
cut to the declared type, pointers lead to the declared struct; one declared `object` only takes its
place. What the running kernel says about the function, if it was asked, is held against the
declaration.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from types import NoneType, UnionType
from typing import get_args

from kring.abi.contexts import ARGUMENTS, REGISTERS, RESULT
from kring.abi.programs import Parameter
from kring.decl import structs
from kring.decl.contexts import Registers
from kring.decl.kernel import Context, KernelStruct
from kring.decl.types import IntType, int_type
from kring.frontend.contexts import annotation_of
from kring.frontend.diagnose import did_you_mean, refuse
from kring.frontend.frame import Frame
from kring.frontend.integers import truncate
from kring.frontend.values import Ctx, KernelPtr, Maybe, Num, Static, Val
from kring.ir.core import Mem, Space, Span, Type, Value
from kring.spelling import article

_WORD = 8
_BOOL = IntType(1)
_USER = ("uprobe", "uretprobe")


def bind(frame: Frame, args: list[ast.arg]) -> None:
    """Give each parameter its argument; a single `Context` or `Registers` has them all."""
    if len(args) == 1:
        view = annotation_of(frame, args[0])
        if view is Context:
            frame.b.env[args[0].arg] = Ctx(frame.b.context, None)
            return
        if view is Registers and frame.program.kind.context == "registers":
            frame.b.env[args[0].arg] = Ctx(frame.b.context, Registers)
            return
    known = _parameters(frame)
    if args:
        _check_count(frame, args, known)
    for at, arg in enumerate(args):
        if annotation_of(frame, arg) is object:
            frame.b.env[arg.arg] = Static(object)
            continue
        kind, nullable = _kind(frame, arg)
        if frame.program.kind.name == "iterator" and at and not nullable:
            refuse(
                frame.at(arg),
                f"{arg.arg!r} is None in the last call of an iterator",
                f"declare it `{ast.unparse(arg)} | None`, and compare it with None",
            )
        if known is not None:
            _check(frame, arg, kind, known[at])
        frame.at(arg)
        frame.b.env[arg.arg] = _value(frame, _word(frame, at), kind, nullable)


def by_name(frame: Frame, ctx: Ctx, name: str, span: Span) -> Val:
    """The argument of that name, as the running kernel names it."""
    known = _parameters(frame)
    target = frame.program.target
    if known is None:
        refuse(
            span,
            f"the arguments of {target} are known by name only to a running kernel",
            "declare them as parameters, in order and with types: `prev: task_struct, n: u32`",
        )
    names = [parameter.name for parameter in known]
    if name not in names:
        refuse(span, f"{target} has no argument {name!r}. {did_you_mean(name, names)}")
    at = names.index(name)
    return _value(frame, _word(frame, at), _dynamic(frame, known[at], span))


def _word(frame: Frame, at: int) -> Mem:
    """Where the argument of a position lies in the context."""
    kind = frame.program.kind
    if kind.context == "arguments":
        return Mem(at * _WORD, _WORD)
    if kind.returns:
        return Mem(REGISTERS[RESULT].offset, _WORD)
    return Mem(REGISTERS[ARGUMENTS[at]].offset, _WORD)


def _value(
    frame: Frame, place: Mem, kind: IntType | type[KernelStruct], nullable: bool = False
) -> Val:
    b = frame.b
    if isinstance(kind, IntType):
        word: Value = b.load(b.context, place)
        return truncate(b, Num(word, signed=False), kind)
    space = Space.BTF if frame.program.kind.typed else Space.KERNEL
    pointer = b.load(b.context, place, Type(space, nullable))
    return Maybe(pointer, KernelPtr(pointer, kind)) if nullable else KernelPtr(pointer, kind)


def _kind(frame: Frame, arg: ast.arg) -> tuple[IntType | type[KernelStruct], bool]:
    """The type a parameter is declared with, and whether it may be None."""
    declared = annotation_of(frame, arg)
    listed = get_args(declared) if isinstance(declared, UnionType) else ()
    nullable = frame.program.kind.typed and len(listed) == 2 and NoneType in listed
    if nullable:
        declared = next(one for one in listed if one is not NoneType)
    kind = _BOOL if declared is bool else int_type(declared)
    if kind is not None and not kind.big:
        return kind, False
    if isinstance(declared, type) and issubclass(declared, KernelStruct):
        if frame.program.kind.name in _USER:
            refuse(
                frame.at(arg),
                f"{arg.arg!r} is an argument of a process, and no struct of the kernel",
                "an address is `u64`; `user_str(p)` is the string there",
            )
        return declared, nullable
    wanted = "an integer type, as in `n: u32`"
    if frame.program.kind.name not in _USER:
        wanted += ", or the kernel struct it leads to, as in `task: task_struct`"
    unused = f"or `{arg.arg}: object` if it is not used"
    refuse(frame.at(arg), f"say what the argument {arg.arg!r} is", f"write {wanted}", unused)


def _parameters(frame: Frame) -> Sequence[Parameter] | None:
    """The function's parameters as the running kernel has them; None if nobody knows."""
    program = frame.program
    if frame.facts is None or program.kind.function is None:
        return None
    return frame.facts.parameters(program.kind, program.target)


def _check_count(frame: Frame, args: list[ast.arg], known: Sequence[Parameter] | None) -> None:
    kind, target = frame.program.kind, frame.program.target
    if kind.context == "registers":
        most = 1 if kind.returns else len(ARGUMENTS)
        if len(args) > most:
            what = "its result alone" if kind.returns else f"the first {most} arguments"
            refuse(frame.at(args[most]), f"{article(kind.name)} program is given {what}")
    if known is None:
        return
    if len(args) > len(known):
        refuse(frame.at(args[len(known)]), f"{target} has {_count(known)}", _listed(known))
    if kind.returns and kind.context == "arguments" and len(args) < len(known):
        refuse(
            frame.at(args[-1]),
            f"{target} has {_count(known)}, and its result comes after all of them",
            _listed(known),
        )


def _count(known: Sequence[Parameter]) -> str:
    return f"{len(known)} argument{'s' * (len(known) != 1)}" if known else "no arguments"


def _listed(known: Sequence[Parameter]) -> str:
    return f"they are: `{', '.join(f'{one.name}: {one.spelled()}' for one in known)}`"


def _check(
    frame: Frame, arg: ast.arg, kind: IntType | type[KernelStruct], known: Parameter
) -> None:
    """Refuse a declaration that the function contradicts."""
    if isinstance(kind, IntType):
        pointer = known.struct and frame.program.kind.typed
        unsigned = known.signed and kind.size > known.size
        if not pointer and not unsigned:
            return
    elif kind.__name__.partition("___")[0] == known.struct:
        return
    what = f"a struct {known.struct} *" if known.struct else f"`{known.type}`"
    refuse(
        frame.at(arg),
        f"argument {known.name!r} of {frame.program.target} is {what}",
        f"declare it `{arg.arg}: {known.spelled()}`, or `{arg.arg}: object` if it is not used",
    )


def _dynamic(frame: Frame, known: Parameter, span: Span) -> IntType | type[KernelStruct]:
    """The type of an argument that was asked for by name."""
    if not known.struct:
        return IntType(known.size, known.signed)
    own = frame.outer.get(known.struct, getattr(structs, known.struct, None))
    if isinstance(own, type) and issubclass(own, KernelStruct):
        return own
    refuse(
        span,
        f"{known.name!r} leads to a struct {known.struct}, of which no field is declared here",
        f"declare the ones you use: `class {known.struct}(KernelStruct):`",
    )
