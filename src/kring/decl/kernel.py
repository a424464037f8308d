"""Partial views of what the kernel hands to a program: contexts, kernel structs, unions, enums.

A view names the fields a program uses, and their types; where they lie is the target kernel's
business, asked when the program is loaded.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from types import UnionType
from typing import Any, ClassVar, Union, cast, dataclass_transform, get_args, get_origin

from kring.decl.inside import only_inside
from kring.decl.types import (
    CString,
    DynamicStr,
    Elements,
    Embedded,
    Named,
    ViewType,
    array,
    bits,
    char,
    embedded,
    evaluated,
    field_type,
    named,
)
from kring.errors import DeclarationError
from kring.record import record

_NO_NAMES: Mapping[str, Any] = {}


class _View:
    _kring_globals: ClassVar[dict[str, Any]]
    _kring_locals: ClassVar[Mapping[str, Any]]
    _kring_fields: ClassVar[dict[str, ViewField]]

    def __init_subclass__(cls) -> None:
        _remember_names(cls, 2)


def _remember_names(cls: Any, depth: int) -> None:
    """Keep where the names in a class's annotations are looked up, once they are needed: classes
    of the module may be defined below it."""
    frame = sys._getframe(depth)  # pyright: ignore[reportPrivateUsage]
    cls._kring_globals = frame.f_globals
    cls._kring_locals = _NO_NAMES if frame.f_locals is frame.f_globals else {**frame.f_locals}
    cls._kring_fields = {}


class Context:
    """Any hook's arguments by name; which there are is looked up when the program is loaded."""

    def __getattr__(self, name: str) -> Any: ...


class TracepointArgs(_View):
    """Base of a tracepoint's arguments: the fields used, as the event's format names them.

    A dynamic string (`__data_loc char[]`) is `str`, a fixed one `str = char(16)`.
    """


class _Asked(type):
    def __contains__(cls, name: str) -> bool:
        only_inside(f"`{name!r} in {cls.__name__}`")


@dataclass_transform(
    kw_only_default=True,
    frozen_default=True,
    field_specifiers=(char, array, bits, embedded, named),
)
class KernelStruct(_View, metaclass=_Asked):
    """Base of a partial kernel struct, named as the kernel names it.

    A field whose type is another `KernelStruct` is a pointer to one; with `= embedded()` it lies
    inside. `ptr` is a pointer to anything else, as an integer, and `str` one to a string. Members
    of unions and structs that have no name are fields of what they are in. `"name" in T` is true
    where the kernel's struct has the field. Reading through a null pointer gives 0; for type
    checkers to insist on a test before, write `mm: mm_struct | None`.
    """

    def __int__(self) -> int:
        """The address."""
        only_inside("int() of a kernel struct")


class KernelUnion(KernelStruct):
    """Base of a partial kernel union that has a name."""


class KernelEnum(int, metaclass=_Asked):
    """Base of a partial kernel enum: `NAME: int` has the value that the kernel gives it.

    A default is the value where there is no kernel to ask, as in the VM; without one a name counts
    on from the one before, as in C. `"NAME" in E` is true where the kernel's enum has the name.
    """

    _kring_globals: ClassVar[dict[str, Any]]
    _kring_size: ClassVar[int] = 4

    def __init_subclass__(cls) -> None:
        _remember_names(cls, 2)


def struct_view(name: str, is_union: bool = False) -> type[Any]:
    """A class that stands for a struct of that name in the kernel, or a union."""
    base = KernelUnion if is_union else KernelStruct
    return type(name, (base,), {})


def enum_view(name: str, size: int = 4) -> type[KernelEnum]:
    """A class that stands for an enum of the kernel's, which may have no name."""
    return type(name, (KernelEnum,), {"_kring_size": size})


def enum_size(view: type[KernelEnum]) -> int:
    """Bytes of a field of the enum's type."""
    return view._kring_size  # pyright: ignore[reportPrivateUsage]


@record
class ViewField:
    """A field under the name that the kernel has for it."""

    name: str
    type: ViewType


def view_field(cls: type[_View], name: str) -> ViewField | None:
    """The declared field of that name."""
    for base in _bases(cls):
        if (found := base._kring_fields.get(name)) is not None:  # pyright: ignore[reportPrivateUsage]
            return found
        for listed, annotation in base.__annotations__.items():
            if _listed_as(base, listed) == name:
                found = _field(base, name, annotation, base.__dict__.get(listed))
                base._kring_fields[name] = found  # pyright: ignore[reportPrivateUsage]
                return found
    return None


def view_names(cls: type[_View]) -> list[str]:
    """The names of the declared fields, bases first."""
    bases = reversed(list(_bases(cls)))
    return [_listed_as(base, name) for base in bases for name in base.__annotations__]


def enumerators(cls: type[KernelEnum]) -> dict[str, int]:
    """The declared names, and their values where no kernel is asked."""
    found: dict[str, int] = {}
    value = -1
    for name in cls.__annotations__:
        value = cls.__dict__.get(name, value + 1)
        found[name] = value
    return found


def _bases(cls: type[_View]) -> Iterator[type[_View]]:
    """The classes that may declare fields, the nearest first."""
    for base in cls.__mro__:
        if issubclass(base, _View) and "_kring_fields" in base.__dict__:
            yield base


def _listed_as(cls: type, name: str) -> str:
    """The name as it was written: within a class, Python renames what begins with two `_`."""
    own = f"_{cls.__name__.lstrip('_')}__"
    return name[len(own) - 2 :] if name.startswith(own) else name


def _field(cls: type[_View], name: str, annotation: Any, default: Any) -> ViewField:
    names = cls._kring_globals, cls._kring_locals  # pyright: ignore[reportPrivateUsage]
    if annotation is default and default is not None:
        annotation = name  # `path: path = embedded()`: the default was bound first
    annotation, spelled = evaluated(cls, name, annotation, *names), name
    if isinstance(default, Named):
        spelled, default = default.name, default.default
    if not issubclass(cls, KernelStruct):
        return ViewField(spelled, field_type(cls.__name__, name, annotation, default))
    where = f"{cls.__name__}.{name}"
    if get_origin(annotation) in (Union, UnionType):
        kinds = [kind for kind in get_args(annotation) if kind is not type(None)]
        annotation = kinds[0] if len(kinds) == 1 else annotation
    if isinstance(default, Embedded):
        return ViewField(spelled, _embedded(where, default, annotation))
    if isinstance(default, Elements):
        return ViewField(spelled, default)
    kind = field_type(cls.__name__, name, annotation, default)
    if isinstance(kind, DynamicStr):
        return ViewField(spelled, CString())
    if isinstance(kind, type) and not issubclass(kind, KernelStruct | KernelEnum):
        raise DeclarationError(
            f"{where}: {kind.__name__} is neither a KernelStruct nor a KernelEnum"
        )
    return ViewField(spelled, kind)


def _embedded(where: str, default: Embedded, annotation: Any) -> Embedded:
    struct = default.struct or annotation
    if not (isinstance(struct, type) and issubclass(struct, KernelStruct)):
        raise DeclarationError(f"{where} = embedded(): annotate it with the KernelStruct it holds")
    return Embedded(cast("type[Any]", struct))
