"""Which bytes of the function's own memory each value reads and writes.

Own memory is what the program alone can reach: stack and reserved records whose address goes
only into accesses, constant or variable distances, null tests and helpers. Each byte of all of
it has one bit, so that a set of bytes is a number.
"""

from __future__ import annotations

from enum import Enum

from kring.abi.helpers import HELPERS
from kring.ir.core import ATOMICS, Fn, Mem, Op, Space, Value, number, signed
from kring.ir.graph import reverse_postorder
from kring.record import record


class Act(Enum):
    """What is done to the bytes."""

    READ = 0
    WRITE = 1
    TEXT = 2
    """Written up to a NUL; what stands behind it stays."""
    DISTURB = 3
    """Perhaps written, perhaps in part."""
    FORGET = 4
    """Gone, or new: nobody reads what was there before."""


@record(frozen=False, eq=False)
class Base:
    """One piece of own memory: `size` bytes from bit `start`."""

    value: Value
    start: int
    size: int

    @property
    def all(self) -> int:
        return ((1 << self.size) - 1) << self.start

    def stretch(self, offset: int | None, size: int | None) -> int | None:
        """The bits of a stretch, if it is known and inside."""
        if offset is None or size is None or offset < 0 or offset + size > self.size:
            return None
        return ((1 << size) - 1) << self.start + offset


Place = tuple[Base, "int | None"]
Access = tuple[Act, Base, int]


@record(frozen=False, eq=False)
class Memory:
    """The pieces, where pointers into them point, and what each value does, in order."""

    places: dict[Value, Place]
    accesses: dict[Value, list[Access]]


_NULL_TESTS = frozenset((Op.EQ, Op.NE))


def memory(fn: Fn) -> Memory:
    """The own memory of the function; pieces whose address escapes are left out."""
    places: dict[Value, Place] = {}
    start = 0
    order = reverse_postorder(fn)
    for block in order:
        for value in block.body:
            size = _size(value)
            if size is not None:
                places[value] = Base(value, start, size), 0
                start += size
            elif value.op is Op.ADD and value.args[0] in places:
                base, offset = places[value.args[0]]
                by = number(value.args[1])
                places[value] = base, None if by is None or offset is None else offset + signed(by)
    found = Memory(places, {})
    if not places:
        return found
    escaped: set[Base] = set()
    for block in order:
        for value in block.body:
            _visit(value, found, escaped)
        for edge in block.edges:
            escaped.update(places[arg][0] for arg in edge.args if arg in places)
        if block.end is not None and block.end.op is Op.RET:
            escaped.update(places[arg][0] for arg in block.end.args if arg in places)
    if escaped:
        found.places = {v: place for v, place in places.items() if place[0] not in escaped}
        for value, accesses in found.accesses.items():
            found.accesses[value] = [access for access in accesses if access[1] not in escaped]
    return found


def _size(value: Value) -> int | None:
    """The size of the memory the value is the address of, if it makes any."""
    if value.op is Op.STACK and isinstance(value.imm, int):
        return value.imm
    if value.op is Op.CALL and value.imm == "ringbuf_reserve":
        return number(value.args[1])
    return None


def _visit(value: Value, found: Memory, escaped: set[Base]) -> None:
    accesses: list[Access] = []
    places = found.places
    if value.op is Op.CALL:
        accesses = _call(value, places)
        if value in places:
            accesses.append((Act.FORGET, places[value][0], places[value][0].all))
    elif value.args and value.args[0] in places:
        base, offset = places[value.args[0]]
        mem = value.imm
        if isinstance(mem, Mem) and mem.core is None:
            exact = base.stretch(None if offset is None else offset + mem.offset, mem.size)
            bits = base.all if exact is None else exact
            if value.op is Op.LOAD or value.op in ATOMICS:
                accesses.append((Act.READ, base, bits))
            if value.op in (Op.STORE, Op.ZERO) and exact is not None:
                accesses.append((Act.WRITE, base, bits))
            elif value.op is not Op.LOAD:
                accesses.append((Act.DISTURB, base, bits))
        elif value.op is not Op.ADD and value.op not in _NULL_TESTS:
            escaped.add(base)
    if value.op is not Op.CALL:
        escaped.update(places[arg][0] for arg in value.args[1:] if arg in places)
    if accesses:
        found.accesses[value] = accesses


def _call(value: Value, places: dict[Value, Place]) -> list[Access]:
    """What a helper does with the pointers it is given."""
    helper = HELPERS.get(str(value.imm))
    accesses: list[Access] = []
    for i, arg in enumerate(value.args):
        if arg not in places:
            continue
        base, offset = places[arg]
        kind = helper.args[i] if helper is not None and i < len(helper.args) else ""
        sized = helper is not None and helper.args[i + 1 : i + 2] == ("size",)
        size = number(value.args[i + 1]) if sized else None
        exact = base.stretch(offset, size)
        bits = base.all if exact is None else exact
        match kind:
            case "in" | "key" | "value" | "addr" | "int":
                accesses.append((Act.READ, base, bits))
            case "out":
                act = Act.TEXT if str(value.imm).endswith("_str") else Act.WRITE
                if exact is None:
                    act = Act.DISTURB
                accesses.append((act, base, bits))
            case "record":
                if value.imm != "ringbuf_discard":
                    accesses.append((Act.READ, base, base.all))
                accesses.append((Act.FORGET, base, base.all))
            case _:
                accesses += [(Act.READ, base, base.all), (Act.DISTURB, base, base.all)]
    return accesses


def is_record(base: Base) -> bool:
    """Whether the memory goes to readers who look at no byte behind a text's NUL."""
    return base.value.type.space is Space.RECORD
