"""The way to a member by names, as tests ask for it."""

from __future__ import annotations

from collections.abc import Sequence

from kring.btf.blob import Btf
from kring.btf.spec import find_member, no_member
from kring.btf.types import Array, Composite
from kring.errors import ObjectError


def field_path(btf: Btf, type_id: int, names: Sequence[str | int]) -> tuple[str, int, int]:
    """Access string, byte offset and type of the member reached by `names` from `type_id`.

    A name is looked for in anonymous members too; a number is an element of an array. For a
    bitfield the offset is that of the byte in which it begins.

    Raises: ObjectError that names the type and, if one is close, the member meant.
    """
    indices, bits = [0], 0
    for name in names:
        type = btf[btf.strip(type_id)]
        if isinstance(name, int) and isinstance(type, Array):
            indices.append(name)
            type_id = type.type
            bits += name * btf.size(type_id) * 8
        elif isinstance(name, str) and isinstance(type, Composite):
            path = find_member(btf, btf.strip(type_id), name)
            if path is None:
                raise ObjectError(no_member(btf, type_id, name))
            for step, member in path:
                indices.append(step.index)
                bits += member.bit_offset
                type_id = member.type
        else:
            raise ObjectError(f"{btf.where}: {btf.kind(type_id).name} has no member {name!r}")
    return ":".join(map(str, indices)), bits // 8, type_id
