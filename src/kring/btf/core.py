"""CO-RE: what an instruction must hold on the target kernel, from the types of both sides.

In: a `CoreReloc` (a type of the program's BTF, an access string, a question) and the target's
BTF. Out: the answer, or why there is none. The access is read as a list of names on the local
side; the target's types of the same name are searched for that list; all that match must agree.
Types of the target's modules count only where the target itself has none of that name.

See: tools/lib/bpf/relo_core.c, whose answers these are.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

from kring.btf.answer import Field, answer, compiled
from kring.btf.blob import Btf
from kring.btf.ext import CoreKind, CoreReloc
from kring.btf.match import (
    essential,
    fields_compatible,
    types_compatible,
    types_match,
)
from kring.btf.spec import (
    OF_ENUMS,
    OF_TYPES,
    Access,
    Spec,
    c_type,
    find_member,
    is_flexible,
    no_member,
    parse_spec,
)
from kring.btf.types import Array, Composite, Enum, Kind
from kring.errors import ObjectError
from kring.record import record
from kring.spelling import closest, suggestion

_ZERO_IF_MISSING: Final = OF_TYPES | {CoreKind.FIELD_EXISTS, CoreKind.ENUMVAL_EXISTS}
_SHORT: Final = 2
"""Steps of a path that the name of a struct and a member say already."""
_SHOWN: Final = 3
_ALIKE: Final = 2
"""Letters that a name and the one that was meant begin with."""


Reason = Callable[[], str]
"""Made into words only for those who ask: a program may well ask for what is not there."""


def _nothing() -> str:
    return ""


@record
class Resolved:
    """The answer to a CO-RE record on one target.

    `value` is None where the instruction cannot work there and must not be reached; `reason`
    says why, and also why an EXISTS is 0. `local_value` is what the instruction holds as
    compiled, None where compilers differ: about the bytes that a bitfield is loaded by, and where
    linking moves types. For byte offsets of fields that are not bitfields `size` and `local_size`
    are the bytes to load (of an array's elements), and `resizable` says that a load of the one may
    become one of the other. `bits` is the width of a bitfield of the target.
    """

    name: str
    value: int | None
    why: Reason = _nothing
    local_value: int | None = None
    size: int | None = None
    local_size: int | None = None
    signed: bool = False
    resizable: bool = True
    bits: int = 0

    @property
    def reason(self) -> str:
        return self.why()


class Candidates(dict[int, list[tuple[Btf, int]]]):
    """For each local type the types of the target that may be meant by it, found when first asked.

    Those that one question rules out are left out of the next about the same type, so that not
    one field is taken of this type of a name and the next field of that.
    """

    def __init__(self, local: Btf, target: Btf) -> None:
        super().__init__()
        self.local: Final = local
        self.target: Final = target

    def __missing__(self, id: int) -> list[tuple[Btf, int]]:
        found = self[id] = _candidates(self.local, id, self.target)
        return found


def resolve(
    reloc: CoreReloc, local: Btf, target: Btf, candidates: Candidates | None = None
) -> Resolved:
    """What `reloc` of a program with types `local` asks of `target`, answered.

    A missing type answers 0 to every question about types, as libbpf has it. `local` may be
    `target`: then the type is looked up by its id and the answer is about itself. `candidates`
    of one program hold from question to question.

    Raises: ObjectError if the record makes no sense, or if types of the target that fit it
    disagree about the answer.
    """
    kind = reloc.kind
    if kind == CoreKind.TYPE_ID_LOCAL:
        return Resolved(local.name(reloc.type_id), reloc.type_id)
    wanted = parse_spec(reloc, local)
    if candidates is None:
        candidates = Candidates(local, target)
    found, reason = _search(kind, wanted, candidates)
    if found is None:
        value = 0 if kind in _ZERO_IF_MISSING else None
        return Resolved(str(wanted), value, reason, local_value=compiled(kind, wanted))
    return _resolved(kind, wanted, found)


def _search(kind: CoreKind, wanted: Spec, candidates: Candidates) -> tuple[Spec | None, Reason]:
    """The place in the target that fits, or why none does."""
    fitting: list[Spec] = []
    reasons: list[tuple[int, Reason]] = []
    for btf, id in candidates[wanted.root]:
        spec = _fit(kind, wanted, btf, id)
        if not isinstance(spec, Spec):
            reasons.append((id, spec))
            continue
        if fitting and not _agree(kind, spec, fitting[0]):
            raise ObjectError(
                f"CO-RE {kind.name} of {wanted} is ambiguous: {candidates.target.where} has types "
                f"{fitting[0].root} ({fitting[0]}) and {id} ({spec}), which disagree"
            )
        fitting.append(spec)
    if fitting:
        candidates[wanted.root] = [(spec.btf, spec.root) for spec in fitting]
        return fitting[0], _nothing
    return None, partial(_reason, wanted, candidates.target, reasons)


def _agree(kind: CoreKind, one: Spec, other: Spec) -> bool:
    return one.bit_offset == other.bit_offset and answer(kind, one) == answer(kind, other)


def _reason(wanted: Spec, target: Btf, reasons: list[tuple[int, Reason]]) -> str:
    """Why nothing of the target fits: each candidate's own reason, by its id if there are more."""
    path = f"{wanted}: " if len(wanted.steps) > _SHORT else ""
    if not reasons:
        return path + _no_type(wanted, target)
    if len(reasons) == 1:
        reason = reasons[0][1]()
        return reason if reason.startswith(f"{wanted.btf.name(wanted.root)}.") else path + reason
    listed = "; ".join(f"[{id}] {reason()}" for id, reason in reasons[:_SHOWN])
    more = f"; and {len(reasons) - _SHOWN} more" if len(reasons) > _SHOWN else ""
    return f"{path}none of {len(reasons)} candidates fits: {listed}{more}"


def _no_type(wanted: Spec, target: Btf) -> str:
    kind = wanted.btf.kind(wanted.root)
    name = essential(wanted.btf.name(wanted.root))
    close = closest(name, target.strings_from(name[:_ALIKE]))
    hint = f". Did you mean {close!r}?" if close and target.find(close, kind) else ""
    where = f"{target.where} and its modules have" if target.modules else f"{target.where} has"
    return f"{where} no {kind.name.lower()} {name}{hint}"


def _candidates(local: Btf, id: int, target: Btf) -> list[tuple[Btf, int]]:
    """Types of the target with the name and kind of the local one; flavours do not count."""
    if local.data is target.data:
        return [(target, id)]
    name = essential(local.name(id))
    if not name:
        raise ObjectError(f"{local.where}: type {id} has no name to look for in {target.where}")
    kind = local.kind(id)
    kinds = (Kind.ENUM, Kind.ENUM64) if kind in (Kind.ENUM, Kind.ENUM64) else (kind,)
    found = _called(name, kinds, target)
    return found or [one for module in target.modules for one in _called(name, kinds, module)]


def _called(name: str, kinds: tuple[Kind, ...], btf: Btf) -> list[tuple[Btf, int]]:
    """The blob's own types of that name, without the base's."""
    ids = btf.find_all(name, *kinds, flavours=True)
    return [(btf, id) for id in ids if id >= btf.first_id and essential(btf.name(id)) == name]


def _fit(kind: CoreKind, wanted: Spec, target: Btf, id: int) -> Spec | Reason:
    """The place in type `id` of the target that `wanted` names, or why there is none."""
    if kind in OF_TYPES:
        fits = types_match if kind == CoreKind.TYPE_MATCHES else types_compatible
        if fits(wanted.btf, wanted.root, target, id):
            return Spec(target, id)
        return lambda: f"{target.name(id)} of {target.where} differs from the program's"
    if kind in OF_ENUMS:
        return _fit_enum(wanted, target, id)
    spec, at = Spec(target, id), id
    for step in wanted.steps:
        at = target.strip(at)
        if not step.name:
            next_ = _fit_element(spec, step, at)
        else:
            next_ = _fit_member(wanted.btf, spec, step, at)
        if callable(next_):
            return next_
        spec, at = next_
    return spec


def _fit_enum(wanted: Spec, target: Btf, id: int) -> Spec | Reason:
    enum, name = target[target.strip(id)], wanted.steps[0].name
    if isinstance(enum, Enum):
        for index, (value, _) in enumerate(enum.values):
            if essential(value) == essential(name):
                return Spec(target, id, (Access(target.strip(id), index, value),))
        return partial(_no_value, enum, name, target.where)
    return lambda: f"{target.name(id)} of {target.where} is not an enum"


def _no_value(enum: Enum, name: str, where: str) -> str:
    hint = suggestion(name, (value for value, _ in enum.values), ". ")
    return f"enum {enum.name} of {where} has no {name!r}{hint}"


def _fit_element(spec: Spec, step: Access, at: int) -> tuple[Spec, int] | Reason:
    """`spec` with an array element added, and the element's type."""
    btf = spec.btf
    if spec.steps:  # the first step indexes an array the type may be in; it has no type itself
        array = btf[at]
        if not isinstance(array, Array):
            return lambda: f"{spec} of {btf.where} is not an array"
        count = array.count
        if step.index >= count and not is_flexible(spec, array):
            return lambda: f"{spec} of {btf.where} has {count} elements, {step.index} is not one"
        at = btf.strip(array.type)
    return spec.then(Access(at, step.index), step.index and step.index * btf.size(at) * 8), at


def _fit_member(local: Btf, spec: Spec, step: Access, at: int) -> tuple[Spec, int] | Reason:
    """`spec` with the member of that name added, and the member's type."""
    btf = spec.btf
    path = find_member(btf, at, step.name)
    if path is None:
        return partial(no_member, btf, at, step.name)
    holder, member = path[-1]
    mine = local[step.type_id]
    assert isinstance(mine, Composite)
    declared = mine.members[step.index].type
    if not fields_compatible(local, declared, btf, member.type):
        return lambda: (
            f"{spec}.{step.name} is `{c_type(btf, member.type)}` in {btf.where}, "
            f"`{c_type(local, declared)}` in the program"
        )
    return spec.then(holder, sum(m.bit_offset for _, m in path)), member.type


def _resolved(kind: CoreKind, wanted: Spec, found: Spec) -> Resolved:
    value, local_value = answer(kind, found), compiled(kind, wanted)
    if kind != CoreKind.FIELD_BYTE_OFFSET:
        return Resolved(str(found), value, local_value=local_value)
    mine, theirs = Field(wanted), Field(found)
    same = mine.load_size == theirs.load_size
    return Resolved(
        str(found),
        value,
        local_value=local_value,
        size=None if theirs.bits else theirs.load_size,
        local_size=None if mine.bits else mine.load_size,
        signed=theirs.signed,
        resizable=bool(mine.bits) == bool(theirs.bits)
        and (same or (mine.zero_extends and theirs.zero_extends)),
        bits=theirs.bits,
    )
