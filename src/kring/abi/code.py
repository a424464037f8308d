"""Instructions to bytes and back.

In:  `Insn` values, or the bytes of a program (its slots, 8 bytes each, little-endian).
Out: `encode(insns) -> bytes`, `decode(code) -> list[Insn]`; each undoes the other.
Rule: nothing is ignored. A field that the instruction does not use must be zero, as the kernel
demands, so what decodes also encodes to the same bytes.
"""

from collections.abc import Iterable
from struct import Struct

from kring.abi.isa import BY_CODE, FREE, IMM64, LEGACY, REG_COUNT, Insn, Op, Pseudo
from kring.errors import ObjectError

SLOT = Struct("<BBhi")  # opcode, src << 4 | dst, off, imm
SLOT_SIZE = SLOT.size


def encode(insns: Iterable[Insn]) -> bytes:
    """The slots of a program.

    Raises: ObjectError if a value does not fit its field or sets one the instruction reserves.
    """
    out = bytearray()
    for insn in insns:
        _check(insn, len(out) // SLOT_SIZE)
        op = insn.op
        regs = insn.dst | (insn.src | op.src) << 4
        if op.form == IMM64:
            out += SLOT.pack(op.code, regs, 0, signed32(insn.imm))
            out += SLOT.pack(0, 0, 0, signed32(insn.imm >> 32))
        else:
            out += SLOT.pack(op.code, regs, insn.off | op.off, insn.imm | op.imm)
    return bytes(out)


def decode(code: bytes) -> list[Insn]:
    """The instructions of a program.

    Raises: ObjectError naming the slot, if the bytes are no well-formed instructions.
    """
    if len(code) % SLOT_SIZE:
        raise ObjectError(f"{len(code)} bytes of code are not a whole number of 8-byte slots")
    slots: list[tuple[int, int, int, int]] = list(SLOT.iter_unpack(code))
    insns: list[Insn] = []
    at = 0
    while at < len(slots):
        insn = _decode(slots, at)
        insns.append(insn)
        at += insn.slots
    return insns


def _decode(slots: list[tuple[int, int, int, int]], at: int) -> Insn:
    code, regs, off, imm = slots[at]
    dst, src = regs & 15, regs >> 4
    op = _select(at, code, src, off, imm)
    if op.form == IMM64:
        imm = imm & 0xFFFF_FFFF | _second_half(slots, at) << 32
    insn = Insn(op, dst, src - op.src, off - op.off, imm - op.imm)
    _check(insn, at)
    return insn


def _select(slot: int, code: int, src: int, off: int, imm: int) -> Op:
    """The row whose fixed fields these are."""
    rows = BY_CODE.get(code)
    if rows is None:
        if code in LEGACY:
            raise ObjectError(
                f"slot {slot}: {LEGACY[code]} is a packet load of classic BPF; it is not supported"
            )
        raise ObjectError(f"slot {slot}: unknown opcode {code:#04x}")
    if len(rows) == 1:
        return rows[0]
    for op in rows:
        free = FREE[op.form]
        if (
            ("src" in free or src == op.src)
            and ("off" in free or off == op.off)
            and ("imm" in free or imm == op.imm)
        ):
            return op
    names = ", ".join(op.name for op in rows)
    raise ObjectError(
        f"slot {slot}: opcode {code:#04x} with src {src}, off {off}, imm {imm:#x} "
        f"is none of: {names}"
    )


def _second_half(slots: list[tuple[int, int, int, int]], at: int) -> int:
    """The high 32 bits of the `lddw` whose first slot is `at`."""
    if at + 1 == len(slots):
        raise ObjectError(f"slot {at}: lddw lacks its second slot")
    code, regs, off, high = slots[at + 1]
    if code or regs or off:
        raise ObjectError(f"slot {at + 1}: the second slot of a lddw holds only an immediate")
    return high & 0xFFFF_FFFF


def _check(insn: Insn, slot: int) -> None:
    """Nothing, if every field is in range and no reserved one is set."""
    op = insn.op
    free = FREE[op.form]
    wide = op.form == IMM64
    limits = (
        ("dst", insn.dst, 0, REG_COUNT),
        ("src", insn.src, 0, len(Pseudo) if wide else REG_COUNT),
        ("off", insn.off, -0x8000, 0x8000),
        ("imm", insn.imm, 0 if wide else -(1 << 31), 1 << (64 if wide else 31)),
    )
    for name, value, low, end in limits:
        if name not in free:
            if value:
                raise ObjectError(f"slot {slot}: {op.name} reserves {name}, which is {value:#x}")
        elif not low <= value < end:
            raise ObjectError(
                f"slot {slot}: {name} of {op.name} is {value:#x}; "
                f"it goes from {low:#x} to {end - 1:#x}"
            )


def signed32(value: int) -> int:
    """The low 32 bits, as the signed number they spell."""
    return ((value & 0xFFFF_FFFF) ^ 0x8000_0000) - 0x8000_0000
