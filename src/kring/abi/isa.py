"""The BPF instruction set: one row per instruction, read by encoder, assembler, compiler and VM.

In:  nothing.
Out: `OPS`, every instruction by name, and `Insn`, one instruction with its operands.
Rule: what tells two instructions of one opcode byte apart (`sdiv` from `div`, the atomics from each
other) is a fixed field of the row; an `Insn` carries the free operands only.

An instruction is one slot of 64 bits, little-endian here; `lddw` is two:

     63                            32 31              16 15   12 11    8 7            0
    +--------------------------------+------------------+-------+-------+--------------+
    |              imm               |       off        |  src  |  dst  |    opcode    |
    +--------------------------------+------------------+-------+-------+--------------+

The opcode byte, for arithmetic and jumps, and for loads and stores:

      7       4   3   2       0            7     5 4    3 2       0
    +-----------+---+-----------+        +--------+------+---------+
    | operation | s |   class   |        |  mode  | size |  class  |
    +-----------+---+-----------+        +--------+------+---------+
     s: 0 operand is imm (K)              mode: 0 imm64, 1 abs, 2 ind, 3 mem, 4 memsx, 6 atomic
        1 operand is src (X)              size: 0 word, 1 half, 2 byte, 3 double word

See: RFC 9669, and include/uapi/linux/bpf.h.
"""

from collections.abc import Iterator
from enum import IntEnum

from kring.record import record

# Operand forms, spelled as the assembler spells them. Fields a form does not name are reserved:
# zero, unless the row fixes them.
NONE = ""
DST = "dst"
DST_IMM = "dst, imm"
DST_SRC = "dst, src"
GOTO = "target"
GOTO_IMM = "target32"
IF_IMM = "dst, imm, target"
IF_SRC = "dst, src, target"
LOAD = "dst, [src+off]"
STORE_IMM = "[dst+off], imm"
STORE_SRC = "[dst+off], src"
IMM64 = "dst, imm64"
HELPER = "helper"
FUNCTION = "function"
KFUNC = "kfunc"

# The fields an operand form leaves free. A kfunc call has its module's BTF index in `off`.
FREE: dict[str, frozenset[str]] = {
    NONE: frozenset(),
    DST: frozenset({"dst"}),
    DST_IMM: frozenset({"dst", "imm"}),
    DST_SRC: frozenset({"dst", "src"}),
    GOTO: frozenset({"off"}),
    GOTO_IMM: frozenset({"imm"}),
    IF_IMM: frozenset({"dst", "imm", "off"}),
    IF_SRC: frozenset({"dst", "src", "off"}),
    LOAD: frozenset({"dst", "src", "off"}),
    STORE_IMM: frozenset({"dst", "imm", "off"}),
    STORE_SRC: frozenset({"dst", "src", "off"}),
    IMM64: frozenset({"dst", "src", "imm"}),
    HELPER: frozenset({"imm"}),
    FUNCTION: frozenset({"imm"}),
    KFUNC: frozenset({"imm", "off"}),
}

LD, LDX, ST, STX, ALU32, JMP, JMP32, ALU64 = range(8)
K, X = 0x00, 0x08
IMM, ABS, IND, MEM, MEMSX, ATOMIC = 0x00, 0x20, 0x40, 0x60, 0x80, 0xC0
FETCH = 0x01

REG_COUNT = 11
FRAME_POINTER = 10
STACK_SIZE = 512
"""MAX_BPF_STACK: bytes of stack of one program, its inlined functions included."""
CALL_DEPTH = 8


class Pseudo(IntEnum):
    """What the immediate of a `lddw` means: the `src` field of its first slot."""

    VALUE = 0
    MAP_FD = 1
    MAP_VALUE = 2
    BTF_ID = 3
    FUNC = 4
    MAP_IDX = 5
    MAP_IDX_VALUE = 6


@record
class Op:
    """One instruction of the set.

    `bits` is the width of the computation, of the memory access or of the comparison; `verb` what
    is done whatever the width and operands ("add", "jeq", "fetch_or"). `off`, `imm` and `src` are
    the values the row fixes (0 where they are free or reserved). `cpu` is the first instruction
    set version (as compilers count) that has it.
    """

    name: str
    code: int
    form: str
    verb: str
    bits: int
    mnemonic: str
    off: int = 0
    imm: int = 0
    src: int = 0
    cpu: int = 1

    @property
    def slots(self) -> int:
        """1, or 2 for `lddw`."""
        return 2 if self.form == IMM64 else 1


@record
class Insn:
    """One instruction with its free operands; those the op fixes or reserves stay 0.

    `off` counts bytes in memory operands and slots from the next instruction in jumps. `imm` is
    signed 32 bits, except in a `lddw`, where it is unsigned 64 bits: slot 1 is the low half, slot
    2 the high half, and `src` its `Pseudo` kind.
    """

    op: Op
    dst: int = 0
    src: int = 0
    off: int = 0
    imm: int = 0

    @property
    def slots(self) -> int:
        """1, or 2 for `lddw`."""
        return self.op.slots


def target_of(insn: Insn, slot: int) -> int | None:
    """The slot that the instruction at `slot` may jump to or calls, None for all others."""
    if insn.op.form in (GOTO, IF_IMM, IF_SRC):
        return slot + 1 + insn.off
    if insn.op.form in (GOTO_IMM, FUNCTION):
        return slot + 1 + insn.imm
    return None


_ALU = (
    ("add", 0x00), ("sub", 0x10), ("mul", 0x20), ("div", 0x30), ("or", 0x40), ("and", 0x50),
    ("lsh", 0x60), ("rsh", 0x70), ("mod", 0x90), ("xor", 0xA0), ("mov", 0xB0), ("arsh", 0xC0),
)  # fmt: skip
_SIGNED = (("sdiv", 0x30), ("smod", 0x90))
_NEG, _END = 0x80, 0xD0
# (verb, operation, cpu)
_JUMPS = (
    ("jeq", 0x10, 1), ("jgt", 0x20, 1), ("jge", 0x30, 1), ("jset", 0x40, 1), ("jne", 0x50, 1),
    ("jsgt", 0x60, 1), ("jsge", 0x70, 1), ("jlt", 0xA0, 2), ("jle", 0xB0, 2), ("jslt", 0xC0, 2),
    ("jsle", 0xD0, 2),
)  # fmt: skip
_SIZES = (("b", 0x10, 8), ("h", 0x08, 16), ("w", 0x00, 32), ("dw", 0x18, 64))
_ATOMICS = (
    ("add", 0x00), ("or", 0x40), ("and", 0x50), ("xor", 0xA0),
    ("fetch_add", 0x00 | FETCH), ("fetch_or", 0x40 | FETCH), ("fetch_and", 0x50 | FETCH),
    ("fetch_xor", 0xA0 | FETCH), ("xchg", 0xE0 | FETCH), ("cmpxchg", 0xF0 | FETCH),
)  # fmt: skip


def _arithmetic() -> Iterator[Op]:
    for cls, bits, suffix in ((ALU64, 64, ""), (ALU32, 32, "32")):
        for arg, flag, form in (("k", K, DST_IMM), ("x", X, DST_SRC)):
            for verb, operation in _ALU:
                code = operation | flag | cls
                yield Op(f"{verb}{bits}_{arg}", code, form, verb, bits, verb + suffix)
            for verb, operation in _SIGNED:
                code = operation | flag | cls
                name = f"{verb}{bits}_{arg}"
                yield Op(name, code, form, verb, bits, verb + suffix, off=1, cpu=4)
        yield Op(f"neg{bits}", _NEG | K | cls, DST, "neg", bits, "neg" + suffix)
        for narrow in (8, 16, 32)[: 3 if bits == 64 else 2]:
            name, code = f"movsx{narrow}_{bits}", 0xB0 | X | cls
            mnemonic = f"movsx{narrow}{bits}"
            yield Op(name, code, DST_SRC, f"movsx{narrow}", bits, mnemonic, off=narrow, cpu=4)


def _byte_order() -> Iterator[Op]:
    for verb, code, cpu in (
        ("le", _END | K | ALU32, 1),
        ("be", _END | X | ALU32, 1),
        ("bswap", _END | K | ALU64, 4),
    ):
        for bits in (16, 32, 64):
            yield Op(f"{verb}{bits}", code, DST, verb, bits, f"{verb}{bits}", imm=bits, cpu=cpu)


def _jumps() -> Iterator[Op]:
    yield Op("ja", JMP, GOTO, "ja", 64, "ja")
    yield Op("ja32", JMP32, GOTO_IMM, "ja", 32, "ja32", cpu=4)
    # Goes on to its target when the kernel has lost patience with the loop it stands in.
    yield Op("may_goto", 0xE5, GOTO, "may_goto", 64, "may_goto", cpu=4)
    for cls, bits, suffix, since in ((JMP, 64, "", 1), (JMP32, 32, "32", 3)):
        for arg, flag, form in (("k", K, IF_IMM), ("x", X, IF_SRC)):
            for verb, operation, cpu in _JUMPS:
                code, name = operation | flag | cls, f"{verb}{bits}_{arg}"
                yield Op(name, code, form, verb, bits, verb + suffix, cpu=max(cpu, since))
    yield Op("call", 0x85, HELPER, "call", 64, "call")
    yield Op("call_local", 0x85, FUNCTION, "call_local", 64, "call local", src=1)
    yield Op("call_kfunc", 0x85, KFUNC, "call_kfunc", 64, "call kfunc", src=2)
    yield Op("exit", 0x95, NONE, "exit", 64, "exit")


def _memory() -> Iterator[Op]:
    yield Op("lddw", IMM | 0x18 | LD, IMM64, "lddw", 64, "lddw")
    for letter, size, bits in _SIZES:
        yield Op(f"ldx{letter}", MEM | size | LDX, LOAD, "ldx", bits, f"ldx{letter}")
        yield Op(f"st{letter}", MEM | size | ST, STORE_IMM, "st", bits, f"st{letter}")
        yield Op(f"stx{letter}", MEM | size | STX, STORE_SRC, "stx", bits, f"stx{letter}")
        if bits < 64:
            name = f"ldxs{letter}"
            yield Op(name, MEMSX | size | LDX, LOAD, "ldxs", bits, name, cpu=4)


def _atomics() -> Iterator[Op]:
    for bits, size, suffix in ((32, 0x00, "32"), (64, 0x18, "")):
        for verb, imm in _ATOMICS:
            name = f"{verb}{bits}" if "xchg" in verb else f"atomic_{verb}{bits}"
            mnemonic = f"lock {verb.replace('_', ' ')}{suffix}"
            cpu = 1 if verb == "add" else 3
            code = ATOMIC | size | STX
            yield Op(name, code, STORE_SRC, verb, bits, mnemonic, imm=imm, cpu=cpu)


def _ordered() -> Iterator[Op]:
    """Loads and stores with a memory order, of kernels from 6.15: an atomic by its mode."""
    for letter, size, bits in _SIZES:
        code = ATOMIC | size | STX
        load, store = f"load_acquire{letter}", f"store_release{letter}"
        yield Op(f"load_acquire{bits}", code, LOAD, "load_acquire", bits, load, imm=0x100, cpu=4)
        yield Op(
            f"store_release{bits}", code, STORE_SRC, "store_release", bits, store, imm=0x110, cpu=4
        )


def _all() -> Iterator[Op]:
    yield from _arithmetic()
    yield from _byte_order()
    yield from _jumps()
    yield from _memory()
    yield from _atomics()
    yield from _ordered()


OPS: dict[str, Op] = {op.name: op for op in _all()}

# Packet loads inherited from classic BPF: known by name, so that refusing them can say what they
# are. RFC 9669 deprecates them.
LEGACY: dict[int, str] = {
    mode | size | LD: f"{name}{letter}"
    for mode, name in ((ABS, "ldabs"), (IND, "ldind"))
    for letter, size, bits in _SIZES
    if bits < 64
}


def _by_code() -> dict[int, tuple[Op, ...]]:
    table: dict[int, tuple[Op, ...]] = {}
    for op in OPS.values():
        table[op.code] = (*table.get(op.code, ()), op)
    return table


# The rows of each opcode byte; more than one where a fixed field tells them apart.
BY_CODE: dict[int, tuple[Op, ...]] = _by_code()
