"""Kernel functions, declared: a stub with the function's name, parameters and result.

In:  a function without a body, whose annotations say what the kernel's prototype says.
Out: a `Kfunc`, which programs call. Whether the kernel has such a function is its business, asked
     when the program is loaded.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from types import NoneType, UnionType
from typing import Any, NoReturn, ParamSpec, TypeVar, Union, cast, get_args, get_origin

from kring.decl.inside import only_inside
from kring.decl.struct import Struct
from kring.decl.types import IntType, int_type, u64
from kring.errors import DeclarationError
from kring.record import record

P = ParamSpec("P")
R = TypeVar("R")


@record
class Bool(IntType):
    """What a `bool` of the kernel is."""


@record
class Pointer:
    """A pointer to `to`: an integer or Struct in memory, a kernel struct, or a context, which is
    any other class; None is `void *`. A result that is `nullable` may be None."""

    to: IntType | type[Any] | None
    nullable: bool = False


ArgType = IntType | Pointer


@record(eq=False)
class Kfunc:
    """A kernel function by its BTF name; `result` is None for one that returns nothing."""

    name: str
    params: tuple[tuple[str, ArgType], ...]
    result: ArgType | None

    def __call__(self, *_: object, **__: object) -> NoReturn:
        only_inside(f"{self.name}()")


def kfunc(function: Callable[P, R], /) -> Callable[P, R]:
    """Declare a function of the kernel for programs to call:

        @kfunc
        def bpf_task_from_pid(pid: i32) -> task_struct | None: ...

    An integer is given by value; a `Struct` is memory of the program, a kernel struct a pointer
    to one, `Any` any pointer. A result `… | None` may be None; `u32 | None` is a pointer to one.
    """
    frame = sys._getframe(1)  # pyright: ignore[reportPrivateUsage]
    return cast("Callable[P, R]", declare(function, {**frame.f_globals, **frame.f_locals}))


def declare(function: Callable[..., Any], namespace: Mapping[str, Any]) -> Kfunc:
    """The declaration that a stub's annotations make; `namespace` is where their names are.

    Raises: DeclarationError naming the parameter.
    """
    name, code = function.__name__, function.__code__
    if code.co_flags & (CO_VARARGS | CO_VARKEYWORDS) or code.co_kwonlyargcount:
        raise DeclarationError(f"{name}(): a kernel function has plain parameters only")
    types: dict[str, ArgType | None] = {}
    for one in (*code.co_varnames[: code.co_argcount], "return"):
        where = f"what {name}() returns" if one == "return" else f"{name}(): {one!r}"
        if one not in function.__annotations__:
            raise DeclarationError(f"{where} has no type: write a {_WANTED}")
        types[one] = _type(where, _evaluated(where, function.__annotations__[one], namespace))
    result = types.pop("return")
    params = [(one, kind) for one, kind in types.items() if kind is not None]
    if len(params) < len(types):
        raise DeclarationError(f"{name}(): a parameter is a {_WANTED}")
    return Kfunc(name, tuple(params), result)


CO_VARARGS, CO_VARKEYWORDS = 4, 8
_WANTED = "number such as u32, a Struct, a kernel struct, a context, or Any"


def _evaluated(where: str, annotation: Any, namespace: Mapping[str, Any]) -> Any:
    if isinstance(annotation, str):
        try:
            return eval(annotation, dict(namespace))
        except Exception as error:
            raise DeclarationError(f"{where}: {annotation!r} is no type: {error}") from None
    return annotation


def _type(where: str, annotation: Any) -> ArgType | None:
    """What an annotation stands for; None for None."""
    if annotation is None or annotation is NoneType:
        return None
    if annotation is bool:
        return Bool(1)
    if get_origin(annotation) in (Union, UnionType):
        inner = [one for one in get_args(annotation) if one is not NoneType]
        if len(inner) != 1:
            raise DeclarationError(f"{where} is a {_WANTED}, or one of these `| None`")
        kind = _type(where, inner[0])
        return Pointer(kind.to if isinstance(kind, Pointer) else kind, nullable=True)
    if (number := int_type(annotation)) is not None:
        return number
    if annotation is Any:
        return Pointer(None)
    if isinstance(annotation, type) and annotation not in (int, str, bytes, float):
        return Pointer(annotation)
    raise DeclarationError(f"{where} is {annotation!r}: write a {_WANTED}")


class bpf_iter_num(Struct):
    """The state of a loop over numbers that the kernel steps."""

    state: u64


_I32 = IntType(4, signed=True)
_ITER = ("it", Pointer(bpf_iter_num))
ITER_NUM_NEW = Kfunc("bpf_iter_num_new", (_ITER, ("start", _I32), ("end", _I32)), _I32)
"""Begin: 0, or a negative errno if the range is not one."""
ITER_NUM_NEXT = Kfunc("bpf_iter_num_next", (_ITER,), Pointer(_I32, nullable=True))
"""Step: a pointer to the number, null behind the last."""
ITER_NUM_DESTROY = Kfunc("bpf_iter_num_destroy", (_ITER,), None)
"""End, on every path that began."""
