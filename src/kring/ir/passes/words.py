"""Constants stored side by side, in one store.

needs: all that looks for what a store wrote, which is the same bytes no longer. keeps: blocks, and
what every reader sees.

    v2: i64 = const 6
    store v1 [+10 u8] v2                       v4: i64 = const 6
    v3: i64 = const 0                 →        store v1 [+10 u16] v4
    store v1 [+11 u8] v3

The earlier store goes where the later one is, which nothing between them may notice. Only memory
that begins at a multiple of 8 is written so: programs elsewhere want their accesses aligned.
"""

from __future__ import annotations

from kring.ir.core import ACCESSES, ROWS, Fn, Mem, Op, Value, number, signed
from kring.ir.passes.loads import may_be_one

_WIDEST = 8
_ALIGNED = frozenset(("map_lookup_elem", "map_lookup_percpu_elem", "ringbuf_reserve"))
"""Helpers whose memory begins at a multiple of 8."""
Waiting = dict[tuple[Value, int], tuple[int, int, Value]]
"""By pointer and offset: size, number and store of constants that nothing has noticed since."""


def words(fn: Fn) -> bool:
    """Whether two stores became one."""
    return sum(_Words(fn, block.body).run() for block in fn.blocks) > 0


class _Words:
    """One block, from front to back."""

    def __init__(self, fn: Fn, body: list[Value]) -> None:
        self.fn = fn
        self.body = body
        self.waiting: Waiting = {}
        self.gone: set[Value] = set()
        self.made: dict[Value, int] = {}

    def run(self) -> bool:
        for value in self.body:
            if value.op in ACCESSES:
                self.access(value)
            elif not ROWS[value.op].pure and value.op is not Op.STACK:
                self.waiting.clear()
        if self.made:
            self.rewrite()
        return bool(self.made)

    def access(self, value: Value) -> None:
        pointer, mem = value.args[0], value.imm
        assert isinstance(mem, Mem)
        for place, (size, _, _) in list(self.waiting.items()):
            if _may_meet(pointer, mem, *place, size):
                del self.waiting[place]
        known = _constant(value)
        if known is None or not (pointer.op is Op.STACK or pointer.imm in _ALIGNED):
            return
        offset, size = mem.offset, mem.size
        while size < _WIDEST and offset % size == 0:
            other = offset ^ size
            beside = self.waiting.get((pointer, other))
            if beside is None or beside[0] != size:
                break
            low, high = (known, beside[1]) if offset < other else (beside[1], known)
            both = low | high << 8 * size
            if 2 * size == _WIDEST and not -(1 << 31) <= signed(both) < 1 << 31:
                break
            del self.waiting[pointer, other]
            self.gone.add(beside[2])
            self.made.pop(beside[2], None)
            offset, size, known = min(offset, other), 2 * size, both
            value.op, value.imm, self.made[value] = Op.STORE, Mem(offset, size), known
        self.waiting[pointer, offset] = size, known, value

    def rewrite(self) -> None:
        body: list[Value] = []
        for value in self.body:
            if value in self.gone:
                continue
            if value in self.made:
                const = self.fn.value(Op.CONST, imm=self.made[value], span=value.span)
                body.append(const)
                value.args = [value.args[0], const]
            body.append(value)
        self.body[:] = body


def _constant(value: Value) -> int | None:
    """What a store puts into its bytes, if it is known."""
    mem = value.imm
    assert isinstance(mem, Mem)
    if mem.core is not None or mem.size > _WIDEST or mem.size & mem.size - 1:
        return None
    if value.op is Op.ZERO:
        return 0 if mem.offset % mem.size == 0 else None
    known = number(value.args[1]) if value.op is Op.STORE else None
    return None if known is None else known & (1 << 8 * mem.size) - 1


def _may_meet(pointer: Value, mem: Mem, other: Value, offset: int, size: int) -> bool:
    """Whether an access may be to some of the bytes at an offset from another pointer."""
    if pointer is other and mem.core is None:
        return mem.offset < offset + size and offset < mem.offset + mem.size
    if pointer.op is Op.STACK and other.op is Op.STACK:
        return False
    return may_be_one(pointer.type.space, other.type.space)
