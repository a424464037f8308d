"""Machine instructions on virtual registers: what every stage of lowering reads and rewrites.

In:  nothing.
Out: `Inst`, `Block` and `Function`; `role`, which operands of an instruction are registers.
Rule: a register is an int. 0 to 10 are the machine's; from `FIRST` on they are virtual, any
number of them, and not in SSA form. A set of registers is an int with one bit for each.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kring.abi.helpers import HELPERS
from kring.abi.isa import (
    DST,
    DST_IMM,
    DST_SRC,
    FETCH,
    FRAME_POINTER,
    IF_IMM,
    IF_SRC,
    IMM64,
    LOAD,
    NONE,
    OPS,
    REG_COUNT,
    STORE_IMM,
    STORE_SRC,
    Insn,
    Op,
)
from kring.ir.core import Core, GlobalRef, Kfunc, Span
from kring.record import field, record

FIRST = REG_COUNT
COLORS = REG_COUNT - 1
"""The machine's registers 0 to 9 can hold values; 10 is the frame pointer."""
CLOBBERED = 0b111111
"""The registers a call destroys, r0 with its result."""

FRAME = Op("frame", 0, DST_IMM, "frame", 64, "frame")
"""The address `imm` bytes from the frame pointer: two instructions when emitted."""
ASM = Op("asm", 0, NONE, "asm", 64, "asm")
"""The instruction that `ref` is, on the machine's registers: it stays as and where it is."""
MOVE, MOVE_K, MOVE32_K = OPS["mov64_x"], OPS["mov64_k"], OPS["mov32_k"]
WIDE, FILL, KEEP = OPS["lddw"], OPS["ldxdw"], OPS["stxdw"]
CALL, CALL_LOCAL, CALL_KFUNC = OPS["call"], OPS["call_local"], OPS["call_kfunc"]

# By form: whether dst is written, dst is read, src is read.
_ROLES = {
    DST_IMM: (True, True, False),
    DST_SRC: (True, True, True),
    DST: (True, True, False),
    LOAD: (True, False, True),
    STORE_IMM: (False, True, False),
    STORE_SRC: (False, True, True),
    IF_IMM: (False, True, False),
    IF_SRC: (False, True, True),
    IMM64: (True, False, False),
}
_FRESH = {"mov": False, "frame": False}
_NEITHER = (False, False, False)


def _role(op: Op) -> tuple[bool, bool, bool]:
    writes, reads, source = _ROLES.get(op.form, _NEITHER)
    return writes, reads and _FRESH.get(op.verb, True), source


_TABLE = {op.name: _role(op) for op in (*OPS.values(), FRAME, ASM)}


@record
class Callee:
    """A function of the same program, to be called."""

    name: str


@record(frozen=False, eq=False)
class Inst:
    """One instruction; fields as in `isa.Insn`, with registers that may be virtual.

    `ref` is what the caller patches in: a map's name, a place in a map, a fact of the kernel, a
    function of the program or of the kernel. That of `ASM` is the instruction itself.
    `args` is how many argument registers a call reads.
    """

    op: Op
    dst: int = 0
    src: int = 0
    off: int = 0
    imm: int = 0
    ref: str | GlobalRef | Core | Callee | Kfunc | Insn | None = None
    args: int = 0
    span: Span | None = None


@record(frozen=False, eq=False)
class Block:
    """Instructions, then a way out: `to` is empty for exit, one block, or with a `test` two of
    which the first is taken if it holds.

    `copies` has for each of them the parallel copies that passing there means, until `edges`
    turns those into instructions. `span` is where the way out comes from.
    """

    insns: list[Inst] = field(default_factory=list[Inst])
    test: Inst | None = None
    to: list[Block] = field(default_factory=list["Block"])
    copies: list[list[Inst]] = field(default_factory=list[list[Inst]])
    span: Span | None = None


@record(frozen=False, eq=False)
class Function:
    """Blocks in source order, the entry first. `frame` is the bytes of stack given out."""

    blocks: list[Block]
    regs: int = FIRST
    frame: int = 0
    users: list[tuple[Span | None, int]] = field(default_factory=list[tuple[Span | None, int]])

    def reg(self) -> int:
        """A new virtual register."""
        self.regs += 1
        return self.regs - 1

    def slot(self, size: int) -> int:
        """The offset from the frame pointer of `size` new bytes, aligned to 8."""
        self.frame += (size + 7) & ~7
        return -self.frame


def sources(blocks: Sequence[Block]) -> dict[Block, list[Block]]:
    """For each block those that lead to it, once for each way."""
    found: dict[Block, list[Block]] = {block: [] for block in blocks}
    for block in blocks:
        for to in block.to:
            found[to].append(block)
    return found


def ways_in(blocks: Sequence[Block]) -> dict[Block, int]:
    """How many ways lead to each block; the first has one more, the function's entry."""
    found = {block: len(leading) for block, leading in sources(blocks).items()}
    found[blocks[0]] += 1
    return found


def role(inst: Inst) -> tuple[bool, bool, bool]:
    """Whether the instruction writes dst, reads dst, reads src."""
    return _TABLE[inst.op.name]


def _plain(inst: Inst) -> Inst:
    """The instruction that an `ASM` is, as selection would have made it."""
    insn = inst.ref
    assert isinstance(insn, Insn)
    helper = HELPERS.by_id(insn.imm) if insn.op is CALL else None
    args = 0 if helper is None else len(helper.args)
    return Inst(insn.op, insn.dst, insn.src, insn.off, insn.imm, args=args)


def reads(inst: Inst) -> int:
    """The set of registers whose values the instruction needs."""
    if inst.op is ASM:
        inst = _plain(inst)
    _, dst, src = _TABLE[inst.op.name]
    found = (1 << inst.dst if dst else 0) | (1 << inst.src if src else 0)
    if inst.op.verb == "cmpxchg":
        found |= 1
    if inst.args:
        found |= (1 << inst.args) - 1 << 1
    return found & ~(1 << FRAME_POINTER)


def writes(inst: Inst) -> int:
    """The set of registers the instruction sets or destroys."""
    if inst.op is ASM:
        inst = _plain(inst)
    op = inst.op
    if _TABLE[op.name][0]:
        return 1 << inst.dst
    if is_call(inst):
        return CLOBBERED
    if op.form == STORE_SRC and op.imm & FETCH:
        return 1 if op.verb == "cmpxchg" else 1 << inst.src
    return 0


def fetches(inst: Inst) -> bool:
    """Whether it puts what was in memory into src, which it reads as well."""
    return inst.op.form == STORE_SRC and writes(inst) == 1 << inst.src


def is_call(inst: Inst) -> bool:
    """Whether it leaves the function and comes back."""
    return inst.op is CALL or inst.op is CALL_LOCAL or inst.op is CALL_KFUNC


def is_move(inst: Inst) -> bool:
    """Whether it copies one register to another, so that both could be one."""
    return inst.op is MOVE and inst.src != FRAME_POINTER


def is_free(inst: Inst) -> bool:
    """Whether it makes its value from nothing, so that it can be repeated anywhere."""
    return inst.op is MOVE_K or inst.op is MOVE32_K or inst.op is WIDE or inst.op is FRAME


def slots(inst: Inst) -> int:
    """How many slots it takes when emitted."""
    if inst.op is ASM:
        inst = _plain(inst)
    return 2 if inst.op is FRAME else inst.op.slots


def bits(mask: int) -> Iterator[int]:
    """The members of a set of registers, lowest first."""
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low
