"""A program's code made ready for one running system.

In: a `Program`, the descriptors of its maps, the object's types and the target's. Out: bytes to
load. An instruction that asks for what the target lacks becomes a call no verifier accepts, so
that the program still loads where that instruction cannot be reached; `missing` says why.

See: tools/lib/bpf/relo_core.c, bpf_core_patch_insn.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Final

from kring.abi.isa import ALU32, ALU64, LDX, ST, STX, X
from kring.abi.programs import parse_section
from kring.abi.tracepoints import DYNAMIC, EVENT_STRUCT, TraceField, event_struct
from kring.btf.blob import Btf
from kring.btf.core import Candidates, Resolved, resolve
from kring.btf.ext import CoreKind, CoreReloc
from kring.btf.match import essential
from kring.btf.spec import parse_spec
from kring.btf.types import Kind
from kring.errors import LoadError, ObjectError
from kring.obj.functions import LDDW
from kring.obj.object import Program
from kring.obj.references import (
    SLOT,
    Kfuncs,
    Ksyms,
    Maps,
    patch_kfunc,
    patch_ksym,
    patch_map,
    placed,
    poison,
    read,
)
from kring.record import replace
from kring.spelling import suggestion

_SIZE_BITS: Final = {4: 0x00, 2: 0x08, 1: 0x10, 8: 0x18}
"""BPF_W, BPF_H, BPF_B and BPF_DW by bytes."""

Hooks = Callable[[str], Sequence[TraceField]]
"""The fields of the tracepoint `sched:sched_process_exec`."""


def relocate(
    program: Program,
    maps: Maps,
    local: Btf | None = None,
    target: Btf | None = None,
    hooks: Hooks | None = None,
    kfuncs: Kfuncs | None = None,
    ksyms: Ksyms | None = None,
) -> bytes:
    """The code of `program` with descriptors of `maps` and the target's layout filled in.

    `local` are the object's types and `target` the system's, the same ones where a program runs
    on its own layout. `hooks` gives the layout of a tracepoint; where it cannot, `target` may.
    `kfuncs` says what a call of a kernel function has for `imm` and `off`, `ksyms` what stands for
    the address of a kernel symbol.

    Raises: ObjectError for a map without descriptor, and for a record the code does not bear out.
    """
    code = bytearray(program.code)
    for ref in program.maps:
        patch_map(code, ref, maps)
    for reloc, answer in _answers(program, local, target, hooks):
        try:
            _patch_core(code, reloc, answer)
        except ObjectError as error:
            raise placed(error, program, reloc.slot) from None
    for called in program.kfuncs:
        patch_kfunc(code, program, called, kfuncs)
    for symbol in program.ksyms:
        patch_ksym(code, program, symbol, ksyms)
    return bytes(code)


def missing(
    program: Program,
    local: Btf | None = None,
    target: Btf | None = None,
    hooks: Hooks | None = None,
) -> list[tuple[int, str]]:
    """Slots whose instruction cannot work on the target, and why; for explaining a refusal."""
    found: list[tuple[int, str]] = []
    for reloc, answer in _answers(program, local, target, hooks):
        if answer.value is None:
            found.append((reloc.slot, answer.reason))
        elif not _works(program.code[reloc.slot * 8], answer):
            found.append((reloc.slot, _other_width(answer)))
    return found


def with_formats(program: Program, local: Btf, hooks: Hooks) -> Program:
    """The program with the fields of its tracepoint where `hooks` has them instead of records: for
    loaders that look into no format.

    Raises: LoadError for a field that is not there, or is not as the program has it.
    """
    code = bytearray(program.code)
    left: list[CoreReloc] = []
    for reloc in program.core:
        if not essential(local.name(reloc.type_id)).startswith(EVENT_STRUCT):
            left.append(reloc)
            continue
        hook = parse_section(program.section)[1]
        answer, _ = _resolve_hook(reloc, local, hook, hooks(hook))
        if answer.value is None:
            raise LoadError(answer.reason)
        if not _works(code[reloc.slot * 8], answer):
            raise LoadError(_other_width(answer))
        _patch_core(code, reloc, answer)
    return replace(program, code=bytes(code), core=tuple(left))


def _works(opcode: int, answer: Resolved) -> bool:
    """Whether the instruction can do with the target's field what it does with the program's."""
    return answer.resizable or opcode & 7 not in (LDX, ST, STX)


def _other_width(answer: Resolved) -> str:
    sign = "i" if answer.signed else "u"
    if answer.bits:
        return (
            f"{answer.name} is a bit field in this kernel: declare it with `= bits({answer.bits})`"
        )
    if answer.size is None or answer.local_size is None:
        return f"{answer.name} is no bit field in this kernel: declare a whole integer"
    what = f"{answer.size} byte{'s' * (answer.size > 1)}{', signed,' * answer.signed}"
    return f"{answer.name} has {what} in this kernel: declare `{sign}{answer.size * 8}`"


def _answers(
    program: Program, local: Btf | None, target: Btf | None, hooks: Hooks | None
) -> Iterator[tuple[CoreReloc, Resolved]]:
    known: dict[CoreReloc, Resolved] = {}
    candidates = Candidates(local, target) if local and target else None
    for reloc in program.core:
        question = replace(reloc, slot=0)
        if question not in known:
            try:
                known[question] = _resolve(program, reloc, local, target, hooks, candidates)
            except ObjectError as error:
                raise placed(error, program, reloc.slot) from None
        yield reloc, known[question]


def _resolve(
    program: Program,
    reloc: CoreReloc,
    local: Btf | None,
    target: Btf | None,
    hooks: Hooks | None,
    candidates: Candidates | None,
) -> Resolved:
    if local is None:
        raise ObjectError(f"program {program.name!r} has CO-RE records and no types to read them")
    event = essential(local.name(reloc.type_id))
    if event.startswith(EVENT_STRUCT) and hooks is not None:
        answer = _of_hook(program, event, reloc, local, target, hooks)
        if answer is not None:
            return answer
    if reloc.kind == CoreKind.TYPE_ID_LOCAL:
        return resolve(reloc, local, local)
    if target is None:
        raise ObjectError(
            f"program {program.name!r} reads {local.name(reloc.type_id)}, whose layout depends on "
            "the kernel, and there are no kernel types (BTF) to take it from; a file that has "
            "them: `load(…, on=Kernel(btf=FILE))`, or --btf FILE on the command line"
        )
    return resolve(reloc, local, target, candidates)


def _of_hook(
    program: Program, event: str, reloc: CoreReloc, local: Btf, target: Btf | None, hooks: Hooks
) -> Resolved | None:
    """The answer from the format of a program's tracepoint; None if the target's types have to give
    it: several tracepoints may share a struct there, whose fields have names of their own, and
    formats say nothing of structs, nor of what is below a field but where it is."""
    hook = parse_section(program.section)[1]
    depth = reloc.access.count(":")
    below = depth > 1 and reloc.kind != CoreKind.FIELD_BYTE_OFFSET

    def is_typed() -> bool:
        return target is not None and target.find(event, Kind.STRUCT) is not None

    if not depth or ((event != event_struct(hook) or below) and is_typed()):
        return None
    try:
        fields = hooks(hook)
    except LoadError:
        if is_typed():
            return None
        raise
    answer, known = _resolve_hook(reloc, local, hook, fields)
    return answer if known or not is_typed() else None


def _resolve_hook(
    reloc: CoreReloc, local: Btf, hook: str, fields: Sequence[TraceField]
) -> tuple[Resolved, bool]:
    """The answer from the format of a tracepoint, and whether the field is there."""
    own = resolve(reloc, local, local)
    spec = parse_spec(reloc, local)
    wanted = spec.steps[1].name.removeprefix(DYNAMIC)
    field = next((f for f in fields if f.name.removeprefix(DYNAMIC) == wanted), None)
    exists = reloc.kind == CoreKind.FIELD_EXISTS
    if field is None:
        why = partial(_no_field, hook, wanted, fields)
        return replace(own, value=0 if exists else None, why=why), False
    if spec.steps[1].name.startswith(DYNAMIC) != field.type.startswith(DYNAMIC.rstrip("_")):
        reason = f"field {wanted!r} of {hook} is `{field.type}`"
        return replace(own, value=0 if exists else None, why=lambda: reason), True
    if len(spec.steps) > 2 and reloc.kind != CoreKind.FIELD_BYTE_OFFSET:
        raise ObjectError(f"{spec}: {reloc.kind.name} below a field of a tracepoint is not known")
    inside = _offset_inside(reloc, local) if len(spec.steps) > 2 else 0
    values = {
        CoreKind.FIELD_BYTE_OFFSET: field.offset + inside,
        CoreKind.FIELD_BYTE_SIZE: field.size,
        CoreKind.FIELD_EXISTS: 1,
        CoreKind.FIELD_SIGNED: int(field.signed),
        CoreKind.FIELD_LSHIFT_U64: 64 - field.size * 8,
        CoreKind.FIELD_RSHIFT_U64: 64 - field.size * 8,
    }
    if reloc.kind not in values:
        raise ObjectError(f"{spec}: {reloc.kind.name} asks about a type, not a field")
    if len(spec.steps) > 2 or own.size is None or field.size not in _SIZE_BITS:
        return replace(own, value=values[reloc.kind]), True
    found = replace(
        own,
        value=values[reloc.kind],
        size=field.size,
        signed=field.signed,
        resizable=own.size == field.size or not (own.signed or field.signed),
    )
    return found, True


def _offset_inside(reloc: CoreReloc, local: Btf) -> int:
    """Bytes from the field of the struct to what the access goes on to, as compiled."""
    outer = replace(reloc, access=":".join(reloc.access.split(":")[:2]))
    return (resolve(reloc, local, local).value or 0) - (resolve(outer, local, local).value or 0)


def _no_field(hook: str, wanted: str, fields: Sequence[TraceField]) -> str:
    hint = suggestion(wanted, (field.name for field in fields), ". ")
    return f"{hook} has no field {wanted!r}{hint}"


def _patch_core(code: bytearray, reloc: CoreReloc, answer: Resolved) -> None:
    opcode, regs, off, imm = read(code, reloc.slot)
    value, at = answer.value, reloc.slot * 8
    operation = opcode & 7
    if operation in (ALU32, ALU64) and not opcode & X:
        held, bits = imm, 32
    elif operation in (LDX, ST, STX):
        held, bits = off & 0xFFFF, 16
    elif opcode == LDDW and _is_number(code, at):
        held, bits = imm | read(code, reloc.slot + 1)[3] << 32, 64
    else:
        raise ObjectError(f"slot {reloc.slot}: opcode {opcode:#04x} holds nothing to relocate")
    if value is None or not _works(opcode, answer):
        return poison(code, reloc.slot)
    _check_held(reloc, answer, held, bits)
    if bits == 16:
        if not 0 <= value < 1 << 15:
            raise ObjectError(f"slot {reloc.slot}: {answer.name} is at {value}, beyond 15 bits")
        SLOT.pack_into(code, at, _resized(opcode, reloc.slot, answer), regs, value, imm)
        return None
    if not -(1 << bits - 1) <= value < 1 << bits:
        raise ObjectError(f"slot {reloc.slot}: {answer.name} is {value}, beyond {bits} bits")
    SLOT.pack_into(code, at, opcode, regs, off, value & 0xFFFF_FFFF)
    if bits == 64:
        SLOT.pack_into(code, at + 8, 0, 0, 0, value >> 32 & 0xFFFF_FFFF)
    return None


def _is_number(code: bytearray, at: int) -> bool:
    """Whether the lddw at byte `at` holds a plain number: no map, no address."""
    return code[at + 1] >> 4 == 0 and not any((*code[at + 2 : at + 4], *code[at + 8 : at + 12]))


def _check_held(reloc: CoreReloc, answer: Resolved, held: int, bits: int) -> None:
    """That the instruction holds what the program's own types answer, as far as that is certain.

    An enumerator is compared in 32 bits: the BTF of older compilers does not say whether it is
    signed.
    """
    if answer.local_value is None:
        return
    compared = min(bits, 32) if reloc.kind == CoreKind.ENUMVAL_VALUE else bits
    mask = (1 << compared) - 1
    if (held ^ answer.local_value) & mask:
        raise ObjectError(
            f"slot {reloc.slot} holds {held} where the object's own types answer "
            f"{answer.local_value} to {reloc.kind.name} of {answer.name}"
        )


def _resized(opcode: int, slot: int, answer: Resolved) -> int:
    """The load or store of as many bytes as the field has on the target."""
    if answer.size == answer.local_size or answer.size is None or answer.local_size is None:
        return opcode
    bits = _SIZE_BITS.get(answer.size)
    if bits is None or opcode & 0x18 != _SIZE_BITS.get(answer.local_size):
        raise ObjectError(
            f"slot {slot} cannot load {answer.name}, {answer.local_size} bytes in the program and "
            f"{answer.size} on the target"
        )
    return opcode & ~0x18 | bits
