"""Frozen slotted value classes that cost nothing until they are used.

`@record` means what `@dataclass(frozen=True, slots=True)` means, to type checkers too. The
standard decorator compiles six methods for each class at import and pulls in `inspect`: for the
classes here, half of the time from a command to its first event. Here `__init__` is compiled when
instances become many, and the other methods are shared.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from operator import attrgetter
from typing import Any, NoReturn, TypeVar, dataclass_transform, overload

T = TypeVar("T")


class Factory:
    """A field's default that is made anew for each instance."""

    def __init__(self, make: Callable[[], Any]) -> None:
        self.make = make


def field(*, default_factory: Callable[[], Any]) -> Any:
    """A default that is made anew for each instance."""
    return Factory(default_factory)


@overload
def record(cls: type[T], /) -> type[T]: ...
@overload
def record(*, frozen: bool = True, eq: bool = True) -> Callable[[type[T]], type[T]]: ...
@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def record(cls: Any = None, /, *, frozen: bool = True, eq: bool = True) -> Any:
    """The class with slots for its annotated fields, and the methods of a dataclass.

    `eq=False` compares by identity, `frozen=False` allows assignment.
    """
    if cls is None:
        return partial(_remake, frozen=frozen, eq=eq)
    return _remake(cls, frozen, eq)


def replace(instance: T, /, **changes: Any) -> T:
    """A copy of a record with some fields changed."""
    kind: Any = type(instance)
    values = {name: getattr(instance, name) for name in kind.__match_args__}
    changed: T = kind(**{**values, **changes})
    return changed


def _remake(cls: type, frozen: bool, eq: bool) -> type:
    own = [
        name for name, kind in cls.__annotations__.items() if not str(kind).startswith("ClassVar")
    ]
    namespace = {
        name: value
        for name, value in cls.__dict__.items()
        if name not in own and name not in ("__dict__", "__weakref__")
    }
    base = cls.__mro__[1]
    names = (*getattr(base, "__match_args__", ()), *own)
    namespace["__slots__"] = tuple(own)
    namespace["__match_args__"] = names
    namespace["_kring_defaults"] = {
        **getattr(base, "_kring_defaults", {}),
        **{name: cls.__dict__[name] for name in own if name in cls.__dict__},
    }
    namespace["__init__"] = _first_init
    namespace.setdefault("__repr__", _repr)
    if eq:
        namespace["__eq__"], namespace["__hash__"] = _compared(names)
    if frozen:
        namespace["__setattr__"] = namespace["__delattr__"] = _refuse
    made = type(cls)(cls.__name__, cls.__bases__, namespace)
    made.__qualname__ = cls.__qualname__
    return made


def _first_init(self: Any, *args: Any, **kwargs: Any) -> None:
    """Stands in for `__init__` until so many instances were made that compiling one pays."""
    kind: Any = self.__class__
    _made[kind] = _made.get(kind, 0) + 1
    names = kind.__match_args__
    values = {**kind._kring_defaults, **dict(zip(names, args, strict=False)), **kwargs}
    if _made[kind] > _FEW or len(values) != len(names) or len(args) + len(kwargs) > len(names):
        _compile_init(kind)
        kind.__init__(self, *args, **kwargs)
        return
    for name, value in values.items():
        made = value.make() if isinstance(value, Factory) else value
        object.__setattr__(self, name, made)


_FEW = 24
_made: dict[type, int] = {}


def _compile_init(cls: Any) -> None:
    defaults: dict[str, Any] = cls._kring_defaults
    scope: dict[str, Any] = {}
    params: list[str] = []
    lines: list[str] = []
    for name in cls.__match_args__:
        scope[f"set_{name}"] = getattr(cls, name).__set__
        default = defaults.get(name)
        value = name
        if isinstance(default, Factory):
            scope[f"make_{name}"] = default.make
            scope["unset"] = Factory
            value = f"make_{name}() if {name} is unset else {name}"
            params.append(f"{name}=unset")
        elif name in defaults:
            scope[f"default_{name}"] = default
            params.append(f"{name}=default_{name}")
        else:
            params.append(name)
        lines.append(f"    set_{name}(self, {value})")
    exec(f"def __init__(self, {', '.join(params)}):\n" + ("\n".join(lines) or "    pass"), scope)
    made = cls.__init__ = scope["__init__"]
    made.__qualname__ = f"{cls.__qualname__}.__init__"


def _compared(names: tuple[str, ...]) -> tuple[Any, Any]:
    values: Callable[[Any], Any] = attrgetter(*names) if names else lambda _: ()

    def __eq__(self: Any, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return bool(values(self) == values(other))

    def __hash__(self: Any) -> int:
        return hash(values(self))

    return __eq__, __hash__


def _repr(self: Any) -> str:
    inside = ", ".join(f"{name}={getattr(self, name)!r}" for name in self.__match_args__)
    return f"{type(self).__name__}({inside})"


def _refuse(self: Any, name: str, *_: object) -> NoReturn:
    raise AttributeError(f"{type(self).__name__}.{name} cannot be changed: records are frozen")
