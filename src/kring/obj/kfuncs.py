"""Kernel functions that an object calls, found among the types of the kernel.

In: a `KfuncRef`, the object's types and the kernel's. Out: the id of the function there, if its
prototype is the one the program was compiled for.
"""

from __future__ import annotations

from kring.btf.blob import Btf
from kring.btf.match import essential
from kring.btf.types import (
    VOID,
    Composite,
    DeclTag,
    Enum,
    Func,
    FuncProto,
    Fwd,
    Int,
    Kind,
    Modifier,
    Ptr,
)
from kring.errors import LoadError, NotSupported, ObjectError
from kring.obj.object import KfuncRef
from kring.spelling import suggestion

_TAG = "bpf_kfunc"
"""What the kernel's types mark functions with that programs may call. Since: Linux 6.9."""


def find_kfunc(ref: KfuncRef, local: Btf | None, target: Btf) -> int:
    """The id of the function in `target`.

    Raises: LoadError if it is not there, or takes or returns something else; NotSupported if it
    is a module's, which the kernel wants to be told of in another way.
    """
    name = essential(ref.name)
    found = target.find(name, Kind.FUNC)
    if found is None:
        for module in target.modules:
            if module.find(name, Kind.FUNC) is not None:
                raise NotSupported(
                    f"{ref.name!r} is a function of {module.where}: kring calls functions of the "
                    "kernel itself, not of its modules"
                )
        # looking for one like it takes a second, and what may be missing is often missing
        hint = "" if ref.weak else suggestion(ref.name, _callable(target), ". ")
        raise NotSupported(f"this kernel has no function {ref.name!r} for programs to call{hint}")
    if local is None:
        raise ObjectError(f"the object has no types that say how it calls {ref.name!r}")
    if why := _difference(local, ref.type_id, target, found):
        raise LoadError(f"the kernel's {ref.name!r} is not as declared: {why}")
    return found


def _callable(target: Btf) -> list[str]:
    """Names of the functions that programs may call, as far as the types say."""
    tags = (target[id] for id in target.ids(Kind.DECL_TAG) if target.name(id) == _TAG)
    return [target.name(tag.type) for tag in tags if isinstance(tag, DeclTag)]


def _difference(local: Btf, mine: int, target: Btf, theirs: int) -> str:
    """How two functions differ in what they take and return; nothing if they do not."""
    a, b = _prototype(local, mine), _prototype(target, theirs)
    if len(a.params) != len(b.params):
        listed = ", ".join(f"{spell(target, type)} {name}" for name, type in b.params) or "none"
        return f"it takes {len(b.params)} arguments ({listed}), not {len(a.params)}"
    for (_, one), (name, other) in zip(a.params, b.params, strict=True):
        if not _same(local, one, target, other):
            return f"{name!r} is {spell(target, other)}, not {spell(local, one)}"
    if not _same(local, a.ret, target, b.ret):
        return f"it returns {spell(target, b.ret)}, not {spell(local, a.ret)}"
    return ""


def _prototype(btf: Btf, id: int) -> FuncProto:
    function = btf[id]
    prototype = btf[function.type] if isinstance(function, Func) else VOID
    if not isinstance(prototype, FuncProto):
        raise ObjectError(f"{btf.where}: type {id} is no function")
    return prototype


def _same(local: Btf, mine: int, target: Btf, theirs: int) -> bool:
    """Whether a value passes from one to the other, as libbpf has it: integers, or pointers to
    structs, where `void *` is a pointer to anything. Kernels widen integers and name structs anew,
    and objects made for one of them run on others."""
    a, b = local[local.strip(mine)], target[target.strip(theirs)]
    match a, b:
        case ((Int() | Enum()), (Int() | Enum())):
            return True
        case Ptr(), Ptr():
            to, of = local.strip(a.type), target.strip(b.type)
            if VOID in (local[to], target[of]):
                return True
            for kinds in (Composite | Fwd, FuncProto):
                if isinstance(local[to], kinds) and isinstance(target[of], kinds):
                    return True
            return _same(local, to, target, of)
        case _:
            return a == b == VOID or (isinstance(a, Composite) and _one_number(local, a, target, b))


def _one_number(local: Btf, struct: Composite, target: Btf, other: object) -> bool:
    """Whether a struct of one number lies where the kernel has such a number."""
    if len(struct.members) != 1 or not isinstance(other, Int | Enum):
        return False
    inner = local[local.strip(struct.members[0].type)]
    return isinstance(inner, Int | Enum) and inner.size == other.size


def spell(btf: Btf, id: int) -> str:
    """A type as C has it: `struct task_struct *`."""
    match btf[id]:
        case Ptr(to):
            inner = spell(btf, to)
            return f"{inner}*" if inner.endswith("*") else f"{inner} *"
        case Modifier(Kind.CONST | Kind.VOLATILE as kind, to):
            return f"{kind.name.lower()} {spell(btf, to)}"
        case Modifier(Kind.RESTRICT | Kind.TYPE_TAG, to):
            return spell(btf, to)
        case Composite() as struct:
            return f"{'union' if struct.is_union else 'struct'} {struct.name}"
        case Enum() as enum:
            return f"enum {enum.name}"
        case _:
            return btf.name(id) or "void"
