"""When a type of one blob stands for a type of another: the rules CO-RE compares types by.

Names are compared without their flavour: `task_struct___v6` is `task_struct`. What a rule does
not look at (sizes, qualifiers, what a pointer points to) may differ between kernels.

See: tools/lib/bpf/relo_core.c, bpf_core_fields_are_compat, __bpf_core_types_are_compat and
__bpf_core_types_match.
"""

from __future__ import annotations

from typing import Final

from kring.btf.blob import Btf
from kring.btf.types import (
    MAX_DEPTH,
    Array,
    Composite,
    Enum,
    Float,
    FuncProto,
    Fwd,
    Int,
    Ptr,
    Type,
    Void,
    kind_of,
)
from kring.errors import ObjectError

_MOST_STEPS: Final = 100_000
"""Comparisons after which two types are taken to be made up to keep us busy."""


def essential(name: str) -> str:
    """`name` without its flavour: what follows the last run of exactly three underscores."""
    at = name.rfind("___", 1)
    while at > 0:
        if name[at - 1] != "_" and name[at + 3 : at + 4] not in ("_", ""):
            return name[:at]
        at = name.rfind("___", 1, at + 2)
    return name


def same_kind(a: Type, b: Type) -> bool:
    """Whether the kinds agree; the two widths of enum do, struct and union do not."""
    if isinstance(a, Enum):
        return isinstance(b, Enum)
    return kind_of(a) == kind_of(b)


def fields_compatible(local: Btf, local_id: int, target: Btf, target_id: int) -> bool:
    """Whether a field of the target may be read where the program declared the local one."""
    for _ in range(MAX_DEPTH):
        match local[local.strip(local_id)], target[target.strip(target_id)]:
            case (Composite(), Composite()) | (Ptr(), Ptr()) | (Float(), Float()):
                return True
            case (Enum() as a, Enum() as b) | (Fwd() as a, Fwd() as b):
                mine, theirs = essential(a.name), essential(b.name)
                return not mine or not theirs or mine == theirs
            case Int() as a, Int() as b:
                return not a.offset and not b.offset
            case Array() as a, Array() as b:
                local_id, target_id = a.type, b.type
            case _:  # different kinds, or kinds no field has
                return False
    raise ObjectError(f"{local.where}: arrays nest deeper than {MAX_DEPTH} at type {local_id}")


def types_compatible(local: Btf, local_id: int, target: Btf, target_id: int) -> bool:
    """Whether the target has such a type: for BPF_CORE_TYPE_EXISTS, _SIZE and _ID_TARGET.

    The caller has compared the names, which count at the top only.
    """
    seen: set[tuple[int, int]] = set()
    todo = [(local_id, target_id)]
    while todo:
        pair = todo.pop()
        if pair in seen:
            continue
        if len(seen) > _MOST_STEPS:
            raise ObjectError(f"{local.where}: type {local_id} is too involved to compare")
        seen.add(pair)
        a, b = local[local.strip(pair[0])], target[target.strip(pair[1])]
        if not same_kind(a, b):
            return False
        match a, b:
            case (Void(), _) | (Composite(), _) | (Enum(), _) | (Fwd(), _):
                pass  # equal kinds are enough
            case Int(), Int():
                if a.offset or b.offset:
                    return False
            case (Ptr() as a, Ptr() as b) | (Array() as a, Array() as b):
                todo.append((a.type, b.type))
            case FuncProto(), FuncProto():
                if len(a.params) != len(b.params):
                    return False
                mine, theirs = (p[1] for p in a.params), (p[1] for p in b.params)
                todo += [(a.ret, b.ret), *zip(mine, theirs, strict=True)]
            case _:  # kinds that are no type of a value
                return False
    return True


def types_match(local: Btf, local_id: int, target: Btf, target_id: int) -> bool:
    """Whether the local type is part of the target's: for BPF_CORE_TYPE_MATCHES.

    Every local member and enumerator must be there under its name; composites behind a pointer
    are compared by name and kind only.
    """
    steps = 0
    known: dict[tuple[int, int, bool], bool] = {}

    def same(a_id: int, b_id: int, behind: bool, depth: int) -> bool:
        nonlocal steps
        steps += 1
        if depth > MAX_DEPTH or steps > _MOST_STEPS:
            raise ObjectError(f"{local.where}: type {local_id} is too involved to compare")
        key = (a_id, b_id, behind)
        if key not in known:
            known[key] = compare(a_id, b_id, behind, depth)
        return known[key]

    def compare(a_id: int, b_id: int, behind: bool, depth: int) -> bool:
        a, b = local[local.strip(a_id)], target[target.strip(b_id)]
        if essential(getattr(a, "name", "")) != essential(getattr(b, "name", "")):
            return False
        if behind and isinstance(a, Fwd | Composite) and isinstance(b, Fwd | Composite):
            return a.is_union == b.is_union
        if not same_kind(a, b):
            return False
        match a, b:
            case Void(), Void():
                return True
            case Fwd(), Fwd():
                return a.is_union == b.is_union
            case Int(), Int():
                return a.size == b.size and a.signed == b.signed
            case Enum(), Enum():
                names = {essential(name) for name, _ in b.values}
                few = len(a.values) <= len(b.values)
                return a.size == b.size and few and all(essential(n) in names for n, _ in a.values)
            case Ptr(), Ptr():
                return same(a.type, b.type, True, depth + 1)
            case Array(), Array():
                return a.count == b.count and same(a.type, b.type, behind, depth + 1)
            case FuncProto(), FuncProto():
                return len(a.params) == len(b.params) and all(
                    same(mine, theirs, behind, depth + 1)
                    for mine, theirs in zip(
                        (a.ret, *(p[1] for p in a.params)),
                        (b.ret, *(p[1] for p in b.params)),
                        strict=True,
                    )
                )
            case Composite(), Composite():
                return contains(a, b, depth)
            case _:  # kinds that are no type of a value, and floats, which libbpf leaves out
                return False

    def contains(a: Composite, b: Composite, depth: int) -> bool:
        if len(a.members) > len(b.members):
            return False
        offered: dict[str, set[int]] = {}
        for member in b.members:
            offered.setdefault(essential(member.name), set()).add(member.type)
        return all(
            any(
                same(member.type, type_id, False, depth + 1)
                for type_id in offered.get(essential(member.name), ())
            )
            for member in a.members
        )

    return same(local_id, target_id, False, 0)
