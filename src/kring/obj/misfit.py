"""Why a program cannot work on one running system, for its author.

In: a program whose load was refused, the object's types, the system's types and its hook's
fields. Out: the slot and the reason of each access that the system cannot serve. Asked only after
a refusal, so a load that succeeds pays nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from kring.abi.programs import parse_section
from kring.abi.tracepoints import DYNAMIC, EVENT_STRUCT, TraceField
from kring.btf.blob import Btf
from kring.btf.ext import CoreReloc
from kring.btf.match import essential, fields_compatible
from kring.btf.spec import OF_ENUMS, OF_TYPES, find_member, parse_spec
from kring.btf.types import Array, Composite, Enum, Int, Kind, Ptr
from kring.obj.object import Program
from kring.obj.references import POISON
from kring.obj.relocate import Hooks, missing
from kring.spelling import suggestion


def misfits(
    program: Program,
    local: Btf | None,
    target: Btf | None,
    hooks: Hooks,
    log: str,
    absent: Sequence[tuple[int, str]] = (),
) -> Iterator[tuple[int, str]]:
    """Slots that cannot work, and why: fields of the hook first, in the words of its format.

    What is missing on a way that the program does not take is no misfit: of that, and of what is
    `absent` besides, only what the verifier's log says was reached.

    Raises: LoadError if there is no such hook.
    """
    hook = parse_section(program.section)[1]
    events = [reloc for reloc in program.core if local and _event(local, reloc)]
    if local and events:
        fields = {field.name: field for field in hooks(hook)}
        for reloc in events:
            if reason := _misfit(local, reloc, hook, fields):
                yield reloc.slot, reason
    relocs = {reloc.slot: reloc for reloc in program.core}
    reached = [int(slot) for slot in _POISONED.findall(log)]
    for slot, reason in missing(program, local, target, hooks):
        if slot in reached:
            fitting = _fitting(relocs[slot], local, target) if local and target else ""
            yield slot, f"{reason}: declare it {fitting}" if fitting else reason
    for slot, reason in absent:
        if slot in reached:
            yield slot, reason


_POISONED = re.compile(rf"^(\d+): \([0-9a-f]{{2}}\) call unknown#{POISON}\b", re.MULTILINE)


def _fitting(reloc: CoreReloc, local: Btf, target: Btf) -> str:
    """How a field is declared that the program takes for another kind of thing; empty if that is
    not what is wrong."""
    if reloc.kind in OF_TYPES | OF_ENUMS:
        return ""
    wanted = parse_spec(reloc, local)
    name = essential(local.name(wanted.root))
    at = next(iter(target.find_all(name, Kind.STRUCT, Kind.UNION)), 0)
    for step in wanted.steps[1:]:
        type = target[target.strip(at)]
        if not step.name:
            at = type.type if isinstance(type, Array) else 0
            continue
        path = find_member(target, at, step.name)
        mine = local[step.type_id]
        if path is None or not isinstance(mine, Composite):
            return ""
        at = path[-1][1].type
        if not fields_compatible(local, mine.members[step.index].type, target, at):
            return _declaration(step.name, target, at)
    return ""


def _declaration(name: str, target: Btf, id: int) -> str:
    """A field of the target as a program declares it."""
    id = target.strip(id)
    match target[id]:
        case Ptr(to):
            to = target.strip(to)
            if target.kind(to) in (Kind.STRUCT, Kind.UNION, Kind.FWD) and target.name(to):
                return f"`{name}: {target.name(to)}`, or `{name}: ptr`"
            return f"`{name}: str`" if target.name(to) == "char" else f"`{name}: ptr`"
        case Array(element, _, count):
            if target.name(target.strip(element)) == "char":
                return f"`{name}: str = char({count})`"
            return f"with `array({count}, …)`"
        case Composite(struct):
            return f"`{name}: {struct or '…'} = embedded()`, with a KernelStruct of that name"
        case Enum(enum):
            return f"`{name}: {enum or '…'}`, with a KernelEnum of that name"
        case Int(_, size, _, signed):
            return f"`{name}: {'i' if signed else 'u'}{size * 8}`"
        case _:
            return ""


def _event(local: Btf, reloc: CoreReloc) -> bool:
    return essential(local.name(reloc.type_id)).startswith(EVENT_STRUCT)


def _misfit(local: Btf, reloc: CoreReloc, hook: str, fields: dict[str, TraceField]) -> str:
    """How a field differs from what the program takes it for, empty if it does not."""
    struct = local[reloc.type_id]
    if not isinstance(struct, Composite) or reloc.access.count(":") != 1:
        return ""
    member = struct.members[int(reloc.access.rpartition(":")[2])]
    name = member.name.removeprefix(DYNAMIC)
    field = fields.get(name)
    if field is None:
        return f"{hook} has no field {name!r}.{_known(name, fields)}"
    if _wanted(field) == _declared(local, member.name, member.type, field):
        return ""
    size = f"{field.size} bytes, {'signed' if field.signed else 'unsigned'}"
    what = f"`{field.type}`" if "char" in field.type else f"`{field.type}` ({size})"
    return f"field {name!r} of {hook} is {what} in this kernel: declare `{name}: {_wanted(field)}`"


def _wanted(field: TraceField) -> str:
    """How a program declares the field."""
    if field.type.startswith(DYNAMIC.rstrip("_")):
        return "str" if "char" in field.type else "… = array(n, …)"
    if field.type.endswith("]") and "char" in field.type:
        return f"str = char({field.size})"
    return f"{'i' if field.signed else 'u'}{field.size * 8}"


def _declared(local: Btf, name: str, type_id: int, field: TraceField) -> str:
    """How the program did declare it; of integers, one that reads the same as the field's own."""
    if name.startswith(DYNAMIC):
        return "str"
    match local[local.strip(type_id)]:
        case Array() if _wanted(field).startswith("str = "):
            return _wanted(field)
        case Array():
            return "an array"
        case Int(_, size, _, signed):
            resized = not (signed or field.signed)
            fits = size == field.size or resized
            return _wanted(field) if fits and not field.type.endswith("]") else "an integer"
        case _:
            return _wanted(field)


def _known(name: str, fields: dict[str, TraceField]) -> str:
    own = [known for known in fields if not known.startswith("common_")]
    return suggestion(name, own) or f" It has: {', '.join(own)}."
