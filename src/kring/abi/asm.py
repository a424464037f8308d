"""Assembler text to instructions and back.

In:  text, one instruction a line, or `Insn` values.
Out: `parse(text) -> list[Insn]`, `format_insns(insns) -> str`, `format_insn(insn) -> str`.
Rule: the operand form of an op's row is its grammar; this file knows operands, not instructions.

    start:  ldxw r0, [r1+4]            registers r0 to r10, also written %r0
            jeq32 r0, 0x10, start      targets: a label, or slots from the next instruction: +2 -3
            lock fetch add [r10-8], r1 atomics; `lock add32` and so on for 32 bits
            lddw r2, map_fd(3)         what an address stands for, by the names of `Pseudo`
            call 14                    a helper; also: call local start, call kfunc 1234
            exit                       comments begin with # or ;

Mnemonics are read in either case, `add64` as `add`. Hexadecimal numbers are bit patterns, of which
a 32-bit field keeps the low 32; decimal ones must fit. `exit`, unless it is defined as a label, is
the first exit instruction: the dialect of the public conformance suites.
"""

import re
from collections.abc import Callable, Sequence

from kring.abi.code import signed32
from kring.abi.isa import (
    DST,
    DST_IMM,
    DST_SRC,
    IF_IMM,
    IF_SRC,
    OPS,
    REG_COUNT,
    STORE_SRC,
    Insn,
    Op,
    Pseudo,
    target_of,
)
from kring.errors import AsmError
from kring.record import replace

_STATEMENT = re.compile(
    r"(lock\s+(?:fetch\s+)?\w+|call\s+(?:local|helper|kfunc|runtime)(?=\s)|\w+)\s*(.*)", re.I
)
_LABEL = re.compile(r"([A-Za-z_.$][\w.$]*)\s*:")
_NAME = re.compile(r"[A-Za-z_.$][\w.$]*")
_COMMA = re.compile(r"\s*,\s*(?![^(\[]*[)\]])")
_NUMBER = re.compile(r"([+-]?)\s*(0x[0-9a-f]+|[0-9]+)", re.I)
_REGISTER = re.compile(r"%?r([0-9]+)", re.I)
_MEMORY = re.compile(r"\[\s*(%?r[0-9]+)\s*([+-][^\]]*)?\]", re.I)
_ADDRESS = re.compile(r"(\w+)\(\s*([^,\s]+)\s*(?:,\s*([^,\s]+)\s*)?\)")


# What an operand sets: numbers, or the name of a label not yet known.
_Fields = dict[str, int | str]
# The fields an operand's text sets, or None if it is not of this kind.
_Reader = Callable[[str], _Fields | None]


def parse(text: str) -> list[Insn]:
    """The instructions of an assembler text.

    Raises: AsmError with the line.
    """
    insns: list[Insn] = []
    labels: dict[str, int] = {}
    pending: list[tuple[int, int, int, str, str]] = []
    slot = 0
    for line, statement in enumerate(text.splitlines(), 1):
        statement = re.split("[#;]", statement, maxsplit=1)[0].strip()
        while label := _LABEL.match(statement):
            if label[1] in labels:
                raise AsmError(f"label {label[1]} is defined twice", line)
            labels[label[1]] = slot
            statement = statement[label.end() :].strip()
        if not statement:
            continue
        op, fields = _statement(statement, line)
        for field, value in fields.items():
            if isinstance(value, str):
                pending.append((len(insns), slot, line, field, value))
        insns.append(Insn(op, **{k: v for k, v in fields.items() if isinstance(v, int)}))
        slot += op.slots
    _first_exit(insns, labels)
    for at, slot, line, field, name in pending:
        insns[at] = _resolve(insns[at], field, labels, name, slot, line)
    return insns


def _first_exit(insns: Sequence[Insn], labels: dict[str, int]) -> None:
    slot = 0
    for insn in insns:
        if insn.op.name == "exit":
            labels.setdefault("exit", slot)
            return
        slot += insn.slots


def _resolve(
    insn: Insn, field: str, labels: dict[str, int], name: str, slot: int, line: int
) -> Insn:
    if name not in labels:
        raise AsmError(f"there is no label {name}", line)
    distance = labels[name] - slot - 1
    if field == "imm":
        return replace(insn, imm=distance)
    if not -0x8000 <= distance < 0x8000:
        raise AsmError(f"label {name} is {distance} slots away: too far for 16 bits", line)
    return replace(insn, off=distance)


def _statement(text: str, line: int) -> tuple[Op, _Fields]:
    """The op and the fields one statement spells."""
    found = _STATEMENT.fullmatch(text)
    mnemonic = " ".join(found[1].lower().split()) if found else text
    ops = _MNEMONICS.get(mnemonic)
    if found is None or ops is None:
        raise AsmError(f"unknown instruction: {mnemonic}", line)
    operands = _COMMA.split(found[2].strip()) if found[2].strip() else []
    try:
        for op in ops:
            if (fields := _operands(op, operands)) is not None:
                return op, fields
    except ValueError as error:
        raise AsmError(f"{mnemonic}: {error}", line) from None
    forms = " or ".join(dict.fromkeys(op.form or "no operands" for op in ops))
    raise AsmError(f"{mnemonic} takes {forms}; got: {found[2].strip() or 'nothing'}", line)


def _operands(op: Op, operands: Sequence[str]) -> _Fields | None:
    """The fields these operands set, or None if they are not of the op's form."""
    kinds = op.form.split(", ") if op.form else []
    if len(kinds) != len(operands):
        return None
    fields: _Fields = {}
    for kind, operand in zip(kinds, operands, strict=True):
        part = _READERS[kind](operand)
        if part is None:
            return None
        fields |= part
    return fields


def _register(field: str) -> _Reader:
    def read(text: str) -> _Fields | None:
        if not (found := _REGISTER.fullmatch(text)):
            return None
        if (number := int(found[1])) >= REG_COUNT:
            raise ValueError(f"there is no register {text}")
        return {field: number}

    return read


def _memory(field: str) -> _Reader:
    register = _register(field)

    def read(text: str) -> _Fields | None:
        if not (found := _MEMORY.fullmatch(text)):
            return None
        base = register(found[1])
        off = 0 if found[2] is None else _number(found[2])
        if base is None or off is None:
            return None
        if not -0x8000 <= off < 0x8000:
            raise ValueError(f"offset {off} does not fit 16 bits")
        return {**base, "off": off}

    return read


def _target(field: str) -> _Reader:
    """A label, or a signed distance: an unsigned number would look like an absolute slot."""
    bits = 15 if field == "off" else 31

    def read(text: str) -> _Fields | None:
        if _NAME.fullmatch(text):
            return {field: text}
        distance = _number(text) if text[:1] in ("+", "-") else None
        if distance is None:
            return None
        if not -1 << bits <= distance < 1 << bits:
            raise ValueError(f"{text} slots are too far for {bits + 1} bits")
        return {field: distance}

    return read


def _imm32(text: str) -> _Fields | None:
    value = _number(text)
    if value is None:
        return None
    bits = 64 if "x" in text.lower() else 32
    if not -1 << (bits - 1) <= value < 1 << bits:
        raise ValueError(f"{text} does not fit {bits} bits")
    return {"imm": signed32(value)}


def _imm64(text: str) -> _Fields | None:
    if found := _ADDRESS.fullmatch(text):
        return _address(found[1].upper(), found[2], found[3])
    value = _number(text)
    if value is None:
        return None
    if not -1 << 63 <= value < 1 << 64:
        raise ValueError(f"{text} does not fit 64 bits")
    return {"imm": value & 0xFFFF_FFFF_FFFF_FFFF}


def _address(kind: str, first: str, second: str | None) -> _Fields | None:
    low, high = _number(first), _number(second or "0")
    if kind not in Pseudo.__members__:
        raise ValueError(f"{kind.lower()} is none of {', '.join(Pseudo.__members__).lower()}")
    if low is None or high is None:
        return None
    if low not in range(1 << 32) or high not in range(1 << 32):
        raise ValueError(f"{first} and {second or 0} must fit 32 bits each")
    return {"src": Pseudo[kind].value, "imm": low | high << 32}


def _helper(text: str) -> _Fields | None:
    if _REGISTER.fullmatch(text):
        raise ValueError(f"{text}: BPF on Linux has no call through a register")
    return _imm32(text)


def _kfunc(text: str) -> _Fields | None:
    """A BTF id, with the index of the module's BTF after an @ if it is not the kernel's."""
    function, _, module = text.partition("@")
    fields, off = _imm32(function), _number(module or "0")
    if fields is None or off is None:
        return None
    return {**fields, "off": off}


def _number(text: str) -> int | None:
    if not (found := _NUMBER.fullmatch(text.strip())):
        return None
    return int(found[1] + found[2], 16 if found[2][:2] in ("0x", "0X") else 10)


_READERS: dict[str, _Reader] = {
    "dst": _register("dst"),
    "src": _register("src"),
    "imm": _imm32,
    "imm64": _imm64,
    "target": _target("off"),
    "target32": _target("imm"),
    "[src+off]": _memory("src"),
    "[dst+off]": _memory("dst"),
    "helper": _helper,
    "function": _target("imm"),
    "kfunc": _kfunc,
}


def _mnemonics() -> dict[str, list[Op]]:
    """The ops a mnemonic may mean; their operands tell them apart."""
    table: dict[str, list[Op]] = {}
    for op in OPS.values():
        table.setdefault(op.mnemonic, []).append(op)
    for op in OPS.values():
        if op.bits == 64 and op.form in _SIZED and not op.mnemonic.endswith(("64", "dw")):
            table[f"{op.mnemonic}64"] = table[op.mnemonic]
    for alias, name in _ALIASES.items():
        table[alias] = table[name]
    return table


# Forms whose 64-bit mnemonic may carry the suffix that it usually lacks.
_SIZED = (DST, DST_IMM, DST_SRC, IF_IMM, IF_SRC, STORE_SRC)
_ALIASES = {
    "swap16": "bswap16",
    "swap32": "bswap32",
    "swap64": "bswap64",
    "call helper": "call",
    "call runtime": "call kfunc",
    "lock fetch xchg": "lock xchg",
    "lock fetch xchg32": "lock xchg32",
    "lock fetch cmpxchg": "lock cmpxchg",
    "lock fetch cmpxchg32": "lock cmpxchg32",
}
_MNEMONICS = _mnemonics()


def format_insns(insns: Sequence[Insn]) -> str:
    """A text that parses to the same instructions, with labels named after their slot."""
    starts: list[int] = []
    slot = 0
    for insn in insns:
        starts.append(slot)
        slot += insn.slots
    known = set(starts)
    targets = {
        target
        for insn, at in zip(insns, starts, strict=True)
        if (target := target_of(insn, at)) in known
    }
    lines: list[str] = []
    for insn, at in zip(insns, starts, strict=True):
        if at in targets:
            lines.append(f"L{at}:")
        target = target_of(insn, at)
        lines.append("    " + format_insn(insn, f"L{target}" if target in targets else ""))
    return "\n".join(lines) + "\n"


def format_insn(insn: Insn, label: str = "") -> str:
    """One instruction as text; `label` is the name of its target, if that has one."""
    kinds = insn.op.form.split(", ") if insn.op.form else []
    operands = ", ".join(_WRITERS[kind](insn, label) for kind in kinds)
    return f"{insn.op.mnemonic} {operands}".rstrip()


_WRITERS: dict[str, Callable[[Insn, str], str]] = {
    "dst": lambda insn, _: f"r{insn.dst}",
    "src": lambda insn, _: f"r{insn.src}",
    "imm": lambda insn, _: _show(insn.imm),
    "imm64": lambda insn, _: _show_imm64(insn),
    "target": lambda insn, label: label or f"{insn.off:+d}",
    "target32": lambda insn, label: label or f"{insn.imm:+d}",
    "[src+off]": lambda insn, _: _show_memory(insn.src, insn.off),
    "[dst+off]": lambda insn, _: _show_memory(insn.dst, insn.off),
    "helper": lambda insn, _: str(insn.imm),
    "function": lambda insn, label: label or f"{insn.imm:+d}",
    "kfunc": lambda insn, _: f"{insn.imm}@{insn.off}" if insn.off else str(insn.imm),
}


def _show(value: int) -> str:
    return str(value) if -10_000 < value < 10_000 else hex(value)


def _show_memory(register: int, off: int) -> str:
    return f"[r{register}{off:+d}]" if off else f"[r{register}]"


def _show_imm64(insn: Insn) -> str:
    if not insn.src:
        return _show(insn.imm)
    low, high = insn.imm & 0xFFFF_FFFF, insn.imm >> 32
    offset = f", {high}" if high else ""
    return f"{Pseudo(insn.src).name.lower()}({low}{offset})"
