"""Distances into a packet that are only added to its start become addresses.

needs: ranges, which removes the bounds that are certain. keeps: blocks and edges.

    b1: jump b3(14)                            b1: v7 = add v0 14; jump b3(v7)
    b2: jump b3(18)                      →     b2: v8 = add v0 18; jump b3(v8)
    b3(v1: i64):                               b3(v1: ptr.packet):
      v2: ptr.packet = add v0 v1                 …  uses of v2 are of v1
      v3: i64 = add v1 20                        v3: ptr.packet = add v1 20

Each distance costs an addition where it is used; the address costs none. What is added must be a
distance that the verifier takes for a packet's pointer, and no one may look at the sum itself.
"""

from __future__ import annotations

from kring.ir.core import I64, Block, Edge, Fn, Op, Space, Value, number, signed
from kring.ir.graph import substitute
from kring.ir.passes.ranges import Ranges


def cursors(fn: Fn) -> bool:
    """Whether distances became addresses."""
    starts = {
        value.args[0]: value
        for value in fn.values()
        if value.op is Op.ADD
        and value.type.space is Space.PACKET
        and value.args[0] in fn.entry.body
        and number(value.args[1]) is None
    }
    if not starts:
        return False
    ranges = Ranges(fn)
    changed = ranges.run()
    for block in fn.blocks:
        for value in [value for value in block.body if value in ranges.splits]:
            changed |= _split(fn, block, value)
    return sum(_Family(fn, start, ranges.steps).convert() for start in starts) > 0 or changed


def _split(fn: Fn, block: Block, value: Value) -> bool:
    """p + (x + c) = (p + x) + c for a packet's pointer p

    if what constants add up to is not before p: the verifier takes no such place.
    """
    start, by = value.args
    if value.type.space is not Space.PACKET or start.type != value.type:
        return False
    ahead = number(start.args[1]) if start.op is Op.ADD else 0
    if signed(number(by.args[1]) or 0) + signed(ahead or 0) < 0:
        return False
    near = fn.value(Op.ADD, [start, by.args[0]], type=value.type, span=value.span)
    block.body.insert(block.body.index(value), near)
    value.args = [near, by.args[1]]
    return True


class _Family:
    """The distances that lead to and from those added to one packet's start."""

    def __init__(self, fn: Fn, start: Value, steps: set[Value]) -> None:
        self.fn = fn
        self.start = start
        self.steps = steps
        self.users: dict[Value, list[Value]] = {}
        self.given: dict[Value, list[tuple[Block, Edge, int]]] = {}
        self.passed: dict[Value, list[Value | None]] = {}
        self.home: dict[Value, Block] = {}
        self.members: dict[Value, None] = {}
        for block in fn.blocks:
            self.note(block)

    def note(self, block: Block) -> None:
        for value in (*block.params, *block.body):
            self.home[value] = block
            for arg in value.args:
                self.users.setdefault(arg, []).append(value)
        if block.end is not None:
            for arg in block.end.args:
                self.passed.setdefault(arg, []).append(None)
        for edge in block.edges:
            for at, (param, arg) in enumerate(zip(edge.block.params, edge.args, strict=True)):
                self.given.setdefault(param, []).append((block, edge, at))
                self.passed.setdefault(arg, []).append(param)

    def convert(self) -> bool:
        added = [value for value in self.users.get(self.start, ()) if self.is_address(value)]
        pending = [value.args[1] for value in added if number(value.args[1]) is None]
        while pending:
            value = pending.pop()
            if value in self.members:
                continue
            more = self.relatives(value)
            if more is None:
                return False
            self.members[value] = None
            pending += more
        if not self.members or not self.ordered():
            return False
        self.rewrite(added)
        return True

    def is_address(self, value: Value) -> bool:
        return value.op is Op.ADD and value.type == self.start.type and value.args[0] is self.start

    def relatives(self, value: Value) -> list[Value] | None:
        """The members that a member makes others be; None if it cannot become an address."""
        found: list[Value] = []
        if value.op is Op.PARAM:
            given = self.given.get(value)
            if given is None:
                return None
            found += [edge.args[at] for _, edge, at in given]
        elif value.op is Op.ADD and value in self.steps and value.type == I64:
            found.append(value.args[0])
        else:
            return None
        for user in self.users.get(value, ()):
            if self.is_address(user) and user.args[1] is value:
                continue
            if user.op is not Op.ADD or user.type != I64 or user.args[1] is value:
                return None
            found.append(user)
        for param in self.passed.get(value, ()):
            if param is None:
                return None
            found.append(param)
        return [other for other in found if number(other) is None]

    def ordered(self) -> bool:
        """Whether the packet's start is known wherever a member is."""
        entry = self.fn.entry
        after = entry.body[entry.body.index(self.start) :]
        return all(self.home[member] is not entry or member in after for member in self.members)

    def rewrite(self, added: list[Value]) -> None:
        for member in self.members:
            member.type = self.start.type
            if member.op is Op.PARAM:
                for block, edge, at in self.given[member]:
                    edge.args[at] = self.address(block, edge.args[at], len(block.body))
            else:
                block = self.home[member]
                member.args[0] = self.address(block, member.args[0], block.body.index(member))
        new = {value: value.args[1] for value in added if value.args[1] in self.members}
        for block in self.fn.blocks:
            block.body = [value for value in block.body if value not in new]
        substitute(self.fn, new)

    def address(self, block: Block, distance: Value, at: int) -> Value:
        """A member, or the address that a constant distance leads to, made at an index."""
        if distance in self.members:
            return distance
        by = self.fn.value(Op.CONST, imm=distance.imm, span=distance.span)
        found = self.fn.value(Op.ADD, [self.start, by], type=self.start.type, span=distance.span)
        block.body[at:at] = [by, found]
        return found
