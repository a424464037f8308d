"""The op table and the data of the IR: functions of blocks of values.

Every integer is 64 bits; narrower widths live in loads, stores and explicit extensions. Pointers
carry what they point into and whether they may be null. Blocks have parameters instead of phis
and end in one terminator, whose edges carry the arguments.

    fn on_exec(v0: ptr.ctx) {
    b0:
      v1: ptr.map = map "events"
      v2: i64 = const 24
      v3: i64 = const 0
      v4: ptr.record? = call "ringbuf_reserve" v1 v2 v3 @29:10-26
      br v4 b1 b2
    b1: …
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import Enum
from typing import NamedTuple

from kring.abi.isa import Insn
from kring.record import field, record

MASK = (1 << 64) - 1


def signed(value: int) -> int:
    """The two's complement reading of 64 bits."""
    return value - (1 << 64) if value >> 63 else value


class Space(Enum):
    """What a pointer points into."""

    CTX = "ctx"
    STACK = "stack"
    MAP = "map"
    VALUE = "value"
    """A value of a map."""
    RECORD = "record"
    """Reserved memory of a ring buffer."""
    PACKET = "packet"
    PACKET_END = "packet_end"
    KERNEL = "kernel"
    """A kernel address the verifier knows nothing of: read through a helper."""
    BTF = "btf"
    """A kernel object whose type the verifier knows: loads are direct and fault to 0."""
    USER = "user"
    MEM = "mem"
    """Memory that a kernel function leads to."""

    __hash__ = object.__hash__


_ANYWHERE = frozenset((Space.KERNEL, Space.BTF, Space.USER))
MEMORY = frozenset((Space.STACK, Space.VALUE, Space.RECORD, Space.MEM))
"""What programs read and write in the same way, so that a pointer may lead to one or the other."""
BARE = frozenset((None, Space.KERNEL, Space.USER))
"""What is a number to the verifier."""


@record
class Type:
    """The type of a value: an integer of 64 bits, or a pointer that may be null."""

    space: Space | None = None
    nullable: bool = False

    @property
    def never_null(self) -> bool:
        """Whether it is a pointer that is not 0. Addresses of the kernel and of tasks can be: reads
        there are safe, so they need no test before."""
        return self.space is not None and not self.nullable and self.space not in _ANYWHERE

    def __str__(self) -> str:
        if self.space is None:
            return "i64"
        return f"ptr.{self.space.value}{'?' if self.nullable else ''}"


I64 = Type()


class Span(NamedTuple):
    """A stretch of source text; lines and columns count from 1, the end column is exclusive."""

    file: str
    line: int
    column: int
    end_line: int
    end_column: int


@record
class Core:
    """A fact about the target kernel's `struct`, union or enum, found when the program is loaded.

    `path` names members from the struct down, elements of arrays by their number. `kind` is what is
    asked of the field there: `offset` and `size` in bytes, `exists`, `signed`; `lshift` and
    `rshift` are by how much the unsigned bytes at the offset, extended to 64 bits, are shifted to
    leave just the field. Without a path it is about the type: `type_exists`, `type_size`; with the
    name of an enumerator, `enum_exists` and `enum_value`.
    """

    struct: str
    path: tuple[str, ...]
    kind: str = "offset"


@record
class Mem:
    """Where and how memory is accessed: `size` bytes, `offset` bytes from the pointer.

    With `core`, the target kernel's offset of that field takes the place of `offset`.
    """

    offset: int
    size: int
    signed: bool = False
    core: Core | None = None


def aligned(offset: int, size: int) -> Iterator[tuple[int, int]]:
    """Offset and size of the widest aligned accesses that cover a stretch of memory, in order."""
    end = offset + size
    while offset < end:
        width = next(w for w in (8, 4, 2, 1) if offset % w == 0 and offset + w <= end)
        yield offset, width
        offset += width


@record
class GlobalRef:
    """The address `offset` bytes into the only value of a map."""

    map: str
    offset: int = 0


@record
class Kfunc:
    """A kernel function, called by its name in the kernel's BTF.

    `args` and `result` are kinds as of `abi.helpers.Helper`.
    """

    name: str
    args: tuple[str, ...] = ()
    result: str = "int"


Imm = int | str | Mem | Core | GlobalRef | Kfunc | Insn | None


class Op(Enum):
    """Every operation; `ROWS` says what each means."""

    PARAM = "param"
    CONST = "const"
    ADD = "add"
    SUB = "sub"
    MUL = "mul"
    UDIV = "udiv"
    UMOD = "umod"
    AND = "and"
    OR = "or"
    XOR = "xor"
    SHL = "shl"
    LSHR = "lshr"
    ASHR = "ashr"
    NEG = "neg"
    ZEXT = "zext"
    SEXT = "sext"
    BSWAP = "bswap"
    BOUND = "bound"
    EQ = "eq"
    NE = "ne"
    ULT = "ult"
    ULE = "ule"
    UGT = "ugt"
    UGE = "uge"
    SLT = "slt"
    SLE = "sle"
    SGT = "sgt"
    SGE = "sge"
    SET = "set"
    MAP = "map"
    GLOBAL = "global"
    BTF_ID = "btf_id"
    STACK = "stack"
    CORE = "core"
    FIELD = "field"
    LOAD = "load"
    STORE = "store"
    ZERO = "zero"
    ATOMIC_ADD = "atomic_add"
    ATOMIC_OR = "atomic_or"
    ATOMIC_AND = "atomic_and"
    ATOMIC_XOR = "atomic_xor"
    FETCH_ADD = "fetch_add"
    FETCH_OR = "fetch_or"
    FETCH_AND = "fetch_and"
    FETCH_XOR = "fetch_xor"
    EXCHANGE = "exchange"
    COMPARE_EXCHANGE = "compare_exchange"
    CALL = "call"
    KFUNC = "kfunc"
    ASM = "asm"
    JUMP = "jump"
    BR = "br"
    RET = "ret"

    # Members are single, so identity will do; Enum's own hash is a Python call per table look-up.
    __hash__ = object.__hash__


class Imms(Enum):
    """What an op's immediate holds."""

    NONE = 0
    INT = 1
    BITS = 2
    NAME = 3
    MEM = 4
    CORE = 5
    GLOBAL = 6
    KFUNC = 7
    INSN = 8

    __hash__ = object.__hash__


@record
class Row:
    """What printer, checker, folding and selection need to know of an op.

    `args` is the operand count, -1 for any. `pure` values may vanish, move or be merged.
    `evaluate` computes the result from unsigned 64-bit operands and the immediate; every op of
    integers alone has one. `modify` computes what memory holds afterwards, in its low bytes, from
    what it held and the operands after the pointer. `blind` is the op that does the same to memory
    and gives no result.
    """

    args: int
    imm: Imms = Imms.NONE
    result: bool = True
    pure: bool = True
    commutes: bool = False
    compares: bool = False
    ends: bool = False
    evaluate: Callable[[list[int], int], int] | None = None
    modify: Callable[[int, list[int]], int] | None = None
    blind: Op | None = None


Modify = Callable[[int, list[int]], int]


def _memory(args: int, modify: Modify, result: bool = False, blind: Op | None = None) -> Row:
    return Row(args, Imms.MEM, result, pure=False, modify=modify, blind=blind)


def _fetch(modify: Modify, blind: Op | None = None) -> Row:
    return _memory(2, modify, True, blind)


def _add(old: int, args: list[int]) -> int:
    return old + args[0]


def _or(old: int, args: list[int]) -> int:
    return old | args[0]


def _and(old: int, args: list[int]) -> int:
    return old & args[0]


def _xor(old: int, args: list[int]) -> int:
    return old ^ args[0]


def _arithmetic(compute: Callable[[int, int], int], commutes: bool = False) -> Row:
    return Row(2, commutes=commutes, evaluate=lambda a, _: compute(a[0], a[1]) & MASK)


def _comparison(holds: Callable[[int, int], bool], commutes: bool = False) -> Row:
    return Row(2, commutes=commutes, compares=True, evaluate=lambda a, _: int(holds(a[0], a[1])))


def _sign_extend(value: int, bits: int) -> int:
    low = value & ((1 << bits) - 1)
    return (low - (1 << bits) if low >> (bits - 1) else low) & MASK


def _swap(value: int, bits: int) -> int:
    low = value & ((1 << bits) - 1)
    return int.from_bytes(low.to_bytes(bits // 8, "little"), "big")


ROWS: dict[Op, Row] = {
    Op.PARAM: Row(0),
    Op.CONST: Row(0, Imms.INT, evaluate=lambda _, imm: imm & MASK),
    Op.ADD: _arithmetic(lambda a, b: a + b, commutes=True),
    Op.SUB: _arithmetic(lambda a, b: a - b),
    Op.MUL: _arithmetic(lambda a, b: a * b, commutes=True),
    Op.UDIV: _arithmetic(lambda a, b: a // b if b else 0),
    Op.UMOD: _arithmetic(lambda a, b: a % b if b else a),
    Op.AND: _arithmetic(lambda a, b: a & b, commutes=True),
    Op.OR: _arithmetic(lambda a, b: a | b, commutes=True),
    Op.XOR: _arithmetic(lambda a, b: a ^ b, commutes=True),
    Op.SHL: _arithmetic(lambda a, b: a << (b & 63)),
    Op.LSHR: _arithmetic(lambda a, b: a >> (b & 63)),
    Op.ASHR: _arithmetic(lambda a, b: signed(a) >> (b & 63)),
    Op.NEG: Row(1, evaluate=lambda a, _: -a[0] & MASK),
    Op.ZEXT: Row(1, Imms.BITS, evaluate=lambda a, bits: a[0] & ((1 << bits) - 1)),
    Op.SEXT: Row(1, Imms.BITS, evaluate=lambda a, bits: _sign_extend(a[0], bits)),
    Op.BSWAP: Row(1, Imms.BITS, evaluate=lambda a, bits: _swap(a[0], bits)),
    Op.BOUND: Row(1, Imms.INT, evaluate=lambda a, count: a[0] if a[0] < count else 0),
    Op.EQ: _comparison(lambda a, b: a == b, commutes=True),
    Op.NE: _comparison(lambda a, b: a != b, commutes=True),
    Op.ULT: _comparison(lambda a, b: a < b),
    Op.ULE: _comparison(lambda a, b: a <= b),
    Op.UGT: _comparison(lambda a, b: a > b),
    Op.UGE: _comparison(lambda a, b: a >= b),
    Op.SLT: _comparison(lambda a, b: signed(a) < signed(b)),
    Op.SLE: _comparison(lambda a, b: signed(a) <= signed(b)),
    Op.SGT: _comparison(lambda a, b: signed(a) > signed(b)),
    Op.SGE: _comparison(lambda a, b: signed(a) >= signed(b)),
    Op.SET: _comparison(lambda a, b: a & b != 0, commutes=True),
    Op.MAP: Row(0, Imms.NAME),
    Op.GLOBAL: Row(0, Imms.GLOBAL),
    Op.BTF_ID: Row(0, Imms.INT),
    Op.STACK: Row(0, Imms.INT, pure=False),
    Op.CORE: Row(0, Imms.CORE),
    Op.FIELD: Row(1, Imms.CORE),
    Op.LOAD: Row(1, Imms.MEM, pure=False),
    Op.STORE: _memory(2, lambda _, new: new[0]),
    Op.ZERO: _memory(1, lambda _, __: 0),
    Op.ATOMIC_ADD: _memory(2, _add),
    Op.ATOMIC_OR: _memory(2, _or),
    Op.ATOMIC_AND: _memory(2, _and),
    Op.ATOMIC_XOR: _memory(2, _xor),
    Op.FETCH_ADD: _fetch(_add, Op.ATOMIC_ADD),
    Op.FETCH_OR: _fetch(_or, Op.ATOMIC_OR),
    Op.FETCH_AND: _fetch(_and, Op.ATOMIC_AND),
    Op.FETCH_XOR: _fetch(_xor, Op.ATOMIC_XOR),
    Op.EXCHANGE: _fetch(lambda _, new: new[0]),
    Op.COMPARE_EXCHANGE: _memory(3, lambda old, a: a[1] if a[0] == old else old, True),
    Op.CALL: Row(-1, Imms.NAME, pure=False),
    Op.KFUNC: Row(-1, Imms.KFUNC, pure=False),
    Op.ASM: Row(0, Imms.INSN, pure=False),
    Op.JUMP: Row(0, result=False, pure=False, ends=True),
    Op.BR: Row(1, result=False, pure=False, ends=True),
    Op.RET: Row(1, result=False, pure=False, ends=True),
}
"""Meanings that the names leave open: `bswap N` reverses the low N bits' bytes and clears the
rest; `bound N` is the number if it is below N, else 0, and shows that to the verifier, so it stays
where it says nothing new; `set` is true if any bit is in both; `btf_id` is the address of the
function or variable that has this number in the types of one kernel; `core` is a constant of the
target kernel and `field` a pointer moved by one; `zero` fills `size` bytes; `stack` is `imm` bytes,
aligned to 8, that live as long as the function; a `const` that is a pointer is 0; `call` calls a
helper, or with `fn:` before the name a function of the same program; `asm` is one
instruction on registers 0 to 5, which nothing else is kept in meanwhile, and gives what is in
register 0 behind it; `br` takes its first edge if the operand is not 0.
The atomics on memory of 4 or 8 bytes read and write it at once; those with a result give what was
there before, zero-extended; `compare_exchange` stores its last operand if the bytes are those of
the one before it."""

LOCAL = "fn:"
"""What the immediate of `call` puts before the name of a function of the same program."""

ATOMICS = frozenset(op for op, row in ROWS.items() if row.modify and op not in (Op.STORE, Op.ZERO))
ACCESSES = ATOMICS | {Op.LOAD, Op.STORE, Op.ZERO}
"""The operations on memory, which their first operand points to."""


@record(frozen=False, eq=False)
class Value:
    """One operation and its result, which its identity stands for."""

    id: int
    op: Op
    args: list[Value]
    imm: Imm
    type: Type
    span: Span | None

    def __str__(self) -> str:
        return f"v{self.id}"


def number(value: Value) -> int | None:
    """The unsigned constant that the value is, if it is one."""
    imm = value.imm
    return imm & MASK if value.op is Op.CONST and isinstance(imm, int) else None


@record(frozen=False, eq=False)
class Edge:
    """A way out of a block, with one argument for each parameter of the block it leads to: of the
    same type, or of one that a value of the parameter's type may be of; see `ir.check`."""

    block: Block
    args: list[Value] = field(default_factory=list[Value])


@record(frozen=False, eq=False)
class Block:
    """Values in order, then one terminator, then its edges: none after `ret`, one after `jump`,
    for `br` the taken one first."""

    id: int
    params: list[Value] = field(default_factory=list[Value])
    body: list[Value] = field(default_factory=list[Value])
    end: Value | None = None
    edges: list[Edge] = field(default_factory=list[Edge])

    def __str__(self) -> str:
        return f"b{self.id}"


@record(frozen=False, eq=False)
class Fn:
    """A function: its first block is the entry, whose parameters are the function's.

    Blocks are listed in layout order. `callees` are the functions of the same program that it
    calls, or that those call, by name; only the program's own function has any.
    """

    name: str
    blocks: list[Block] = field(default_factory=list[Block])
    ids: int = 0
    callees: dict[str, Fn] = field(default_factory=dict[str, "Fn"])

    @property
    def entry(self) -> Block:
        return self.blocks[0]

    def __str__(self) -> str:
        from kring.ir.text import print_fn

        return print_fn(self)

    def value(
        self,
        op: Op,
        args: list[Value] | None = None,
        imm: Imm = None,
        type: Type = I64,
        span: Span | None = None,
    ) -> Value:
        """A new value, in no block yet."""
        self.ids += 1
        return Value(self.ids - 1, op, args or [], imm, type, span)

    def block(self) -> Block:
        """A new block, not yet in the layout."""
        self.ids += 1
        return Block(self.ids - 1)

    def values(self) -> Iterator[Value]:
        """Every value of every block, terminators included, parameters not."""
        for block in self.blocks:
            yield from block.body
            if block.end is not None:
                yield block.end
