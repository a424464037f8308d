"""Places in types: an access string becomes a path of names, and names become members.

In: a CO-RE record or a member name, and the BTF it is about. Out: a `Spec`, whose steps leave
anonymous members out, because those may come and go between kernels.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kring.btf.blob import Btf
from kring.btf.ext import CoreKind, CoreReloc
from kring.btf.types import MAX_DEPTH, Array, Composite, Enum, Kind, Member, Ptr
from kring.errors import ObjectError
from kring.record import record
from kring.spelling import suggestion

_MOST_ACCESSES: Final = 64
"""BPF_CORE_SPEC_MAX_LEN."""
OF_TYPES: Final = frozenset(
    (
        CoreKind.TYPE_ID_TARGET,
        CoreKind.TYPE_EXISTS,
        CoreKind.TYPE_SIZE,
        CoreKind.TYPE_MATCHES,
    )
)
OF_ENUMS: Final = frozenset((CoreKind.ENUMVAL_EXISTS, CoreKind.ENUMVAL_VALUE))
OF_FIELDS: Final = frozenset(CoreKind) - OF_TYPES - OF_ENUMS - {CoreKind.TYPE_ID_LOCAL}


@record
class Access:
    """One step: `index` in the composite `type_id`, whose member is `name`.

    Without a name it is an element of an array, and `type_id` is the element's type.
    """

    type_id: int
    index: int
    name: str = ""


@record
class Spec:
    """A place in the type `root`, `bit_offset` from its start."""

    btf: Btf
    root: int
    steps: tuple[Access, ...] = ()
    bit_offset: int = 0

    def then(self, step: Access, bits: int) -> Spec:
        return Spec(self.btf, self.root, (*self.steps, step), self.bit_offset + bits)

    def __str__(self) -> str:
        """As in C: `task_struct.real_parent`, `sk_buff.cb[4]`."""
        text = self.btf.name(self.root) or f"(anonymous type {self.root})"
        for number, step in enumerate(self.steps):
            if step.name:
                text += f".{step.name}"
            elif number or step.index:
                text += f"[{step.index}]"
        return text


def parse_spec(reloc: CoreReloc, local: Btf) -> Spec:
    """The local side of a record: access indices become names."""
    indices = _indices(reloc.access)
    spec = Spec(local, reloc.type_id)
    if reloc.kind in OF_TYPES:
        if indices != [0]:
            raise ObjectError(f"{reloc}: a question about a type has the access '0'")
        return spec
    at = local.strip(reloc.type_id)
    if reloc.kind in OF_ENUMS:
        enum = local[at]
        if not isinstance(enum, Enum) or len(indices) != 1 or indices[0] >= len(enum.values):
            raise ObjectError(f"{reloc}: {spec} has no such enumerator")
        return spec.then(Access(at, indices[0], enum.values[indices[0]][0]), 0)
    spec = spec.then(Access(at, indices[0]), indices[0] and indices[0] * local.size(at) * 8)
    for index in indices[1:]:
        match local[at]:
            case Composite() as type if index < len(type.members):
                member = type.members[index]
                step = Access(at, index, member.name)
                at = local.strip(member.type)
                # an anonymous member adds its offset; the name comes with a step below it
                spec = (
                    spec.then(step, member.bit_offset)
                    if member.name
                    else Spec(local, spec.root, spec.steps, spec.bit_offset + member.bit_offset)
                )
            case Array() as type if index < type.count or is_flexible(spec, type):
                at = local.strip(type.type)
                spec = spec.then(Access(at, index), index * local.size(at) * 8)
            case _:  # an index past the end, or into what has no parts
                raise ObjectError(f"{reloc}: {spec} has nothing at index {index}")
    return spec


def _indices(access: str) -> list[int]:
    parts = access.split(":", _MOST_ACCESSES)
    # "0" to "9" only: int() would take signs, underscores and other scripts' digits
    if len(parts) > _MOST_ACCESSES or not all(
        p.isascii() and p.isdigit() and len(p) < 11 for p in parts
    ):
        raise ObjectError(f"CO-RE access {access[:80]!r} is not numbers separated by ':'")
    return [int(part) for part in parts]


def is_flexible(spec: Spec, array: Array) -> bool:
    """Whether `array` is the open end of a struct, `char data[]`, so that any index is inside."""
    last = spec.steps[-1]
    if array.count or not last.name:
        return False
    parent = spec.btf[last.type_id]
    return isinstance(parent, Composite) and last.index == len(parent.members) - 1


def find_member(btf: Btf, id: int, name: str) -> list[tuple[Access, Member]] | None:
    """The way to member `name` of composite `id`, through the anonymous ones it is inside.

    Raises: ObjectError if these nest deeper than any access goes.
    """
    tried: set[int] = set()
    todo: list[tuple[int, tuple[tuple[Access, Member], ...]]] = [(id, ())]
    while todo:
        at, path = todo.pop()
        at = btf.strip(at)
        type = btf[at]
        if at in tried or not isinstance(type, Composite):
            continue
        tried.add(at)
        named, unnamed = btf.members(at)
        if name in named:
            index = named[name]
            return [*path, (Access(at, index, name), type.members[index])]
        if unnamed and len(path) == _MOST_ACCESSES:
            raise ObjectError(f"{btf.where}: {btf.name(id)} has over {len(path)} nested members")
        for index in reversed(unnamed):
            member = type.members[index]
            todo.append((member.type, (*path, (Access(at, index), member))))
    return None


def no_member(btf: Btf, id: int, name: str) -> str:
    id = btf.strip(id)
    if not isinstance(btf[id], Composite):
        return f"{btf.kind(id).name} of {btf.where} has no members, so no {name!r}"
    hint = suggestion(name, _member_names(btf, id), ". ")
    what = btf.kind(id).name.lower()
    return f"{what} {btf.name(id)} of {btf.where} has no member {name!r}{hint}"


def _member_names(btf: Btf, id: int) -> Iterator[str]:
    tried: set[int] = set()
    todo = [id]
    while todo:
        at = btf.strip(todo.pop())
        type = btf[at]
        if at not in tried and isinstance(type, Composite):
            tried.add(at)
            yield from (m.name for m in type.members if m.name)
            todo += (m.type for m in type.members if not m.name)


def c_type(btf: Btf, id: int) -> str:
    """The type as C spells it, without qualifiers."""
    stars = rows = ""
    for _ in range(MAX_DEPTH):
        id = btf.strip(id)
        match btf[id]:
            case Ptr(id):
                stars = f"{stars}*"
            case Array(id, _, count):
                rows = f"{rows}[{count}]"
            case _:
                break
    what = {Kind.STRUCT: "struct ", Kind.UNION: "union ", Kind.ENUM: "enum ", Kind.ENUM64: "enum "}
    name = btf.name(id) if id else "void"
    named = what.get(btf.kind(id), "") + name
    return f"{named}{' ' * bool(stars)}{stars}{rows}" if name else f"{named}{{…}}{stars}{rows}"
