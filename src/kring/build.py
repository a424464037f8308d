"""The left half on one page: source → Object.

    Program ─ front end ─→ IR ─ passes ─→ IR ─ lower ─→ Code ─┐
    map declarations, kernel types ────────────────────→ BTF ─┴→ Object

Deterministic, and free of the running system unless what it says of hooks is handed in.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from kring.abi.code import encode
from kring.abi.isa import LDX, ST, STACK_SIZE, STX
from kring.abi.uapi import BPF_F_MMAPABLE, BPF_F_RDONLY_PROG, MapType
from kring.btf.ext import CoreKind, CoreReloc, LineInfo
from kring.btf.types import DataSec, Func, FuncProto, Ptr, Var
from kring.btf.write import Builder as Types
from kring.decl.btf import kfunc_id, type_id
from kring.decl.maps import (
    DROPS,
    SCRATCH,
    MapDeclaration,
    PlainMap,
    Stream,
    ValueType,
    key_type,
    value_size,
)
from kring.decl.partial import KernelTypes
from kring.decl.programs import Program as Decorated
from kring.decl.struct import as_text
from kring.decl.types import ArrayType, Char, IntType
from kring.decl.variables import CONSTANTS, DATA
from kring.errors import CompileError, ObjectError
from kring.frontend.diagnose import combined, place, source_line
from kring.frontend.module import Module
from kring.ir.core import Core, Fn, Span
from kring.ir.passes import optimise
from kring.lower.code import Code, StackOverflow, TooLong
from kring.lower.lower import check_stack, lower
from kring.obj.functions import LDDW, RELOC_CALL, Piece, join
from kring.obj.object import KfuncRef, Map, MapRef, Object, Program
from kring.spelling import c_name

if TYPE_CHECKING:
    from kring.frontend.kernel import Facts
    from kring.frontend.lisp.unit import Defprog

    Source = Decorated | Defprog

Dump = Callable[[str, str, Fn], None]
"""Called with a program's name, a stage's and the function after it."""

_LISTED = 8
"""How many lines an error about the stack names."""
_LARGE = 64
"""Bytes above which one record or variable is worth moving out of the stack."""
_RESERVE = "reserve large records in their ring, and write them there"
_SPLIT = "each variable and temporary that is needed later takes some: split the program"


def build(*programs: Source, dump: Dump | None = None) -> Object:
    """The object of some programs and of every map they use.

    Raises: CompileError at the place in the source.
    """
    return compile_all(programs, dump=dump)[0]


def compile_all(
    programs: Sequence[Source], facts: Facts | None = None, dump: Dump | None = None
) -> tuple[Object, Module]:
    """The object of some programs, and the declarations of its maps by their names in it.

    `facts` is what a running system says of hooks, for contexts that are not declared.

    Raises: CompileError at the place in the source.
    """
    if not programs:
        raise CompileError("there is no program to build: mark a function with a decorator")
    module = Module()
    names: dict[int, str] = {}
    compiled: list[tuple[Source, list[tuple[Fn, Code]]]] = []
    for program in programs:
        try:
            fn = _front_end(program, module, names, facts)
        except CompileError:
            continue
        try:
            compiled.append((program, _compile(fn, dump)))
        except CompileError as error:
            module.errors.append(error)
    if module.errors:
        raise combined(module.errors)
    types = Types()
    kernel = KernelTypes(types, module.kernel_types)
    maps = [_map(types, module, name, found) for name, found in module.maps.items()]
    for struct in module.structs.values():
        _plain_type(types, module, struct)
    if module.drops:
        counters = len(module.drops)
        maps.append(
            Map(DROPS, MapType.PERCPU_ARRAY, 4, 8, counters, 0,
                type_id(types, IntType(4)), type_id(types, IntType(8)))
        )  # fmt: skip
    if module.scratch:
        maps.append(
            Map(SCRATCH, MapType.PERCPU_ARRAY, 4, max(module.scratch.values()), len(module.scratch))
        )
    if module.variables:
        maps.append(_variables(types, module))
    if module.constants:
        maps.append(_constants(types, bytes(module.constants)))
    kfuncs = {name: kfunc_id(types, kernel, found) for name, found in module.kfuncs.items()}
    built = [
        _program(types, kernel, kfuncs, name, source, functions)
        for name, (source, functions) in zip(program_names(programs), compiled, strict=True)
    ]
    licence = getattr(programs[0], "licence", "GPL")
    return Object(programs[0].name, tuple(built), tuple(maps), types.bytes(), licence), module


def _front_end(program: Source, module: Module, names: dict[int, str], facts: Facts | None) -> Fn:
    """The IR of a program, of whichever language it is."""
    if isinstance(program, Decorated):
        from kring.frontend.python import compile_program

        return compile_program(program, module, names, facts)
    from kring.frontend.lisp.compile import compile_program as compile_lisp

    return compile_lisp(program, module)


def program_names(programs: Sequence[Source]) -> list[str]:
    """What an object calls them: their functions' names, told apart by a number where several
    share one, as those do that one function makes."""
    names: dict[str, None] = {}
    for program in programs:
        name = first = c_name(program.name)
        number = 1
        while name in names:
            number += 1
            name = f"{first}_{number}"
        names[name] = None
    return list(names)


def _compile(fn: Fn, dump: Dump | None) -> list[tuple[Fn, Code]]:
    """The code of a program's function and of each that it calls."""
    if dump is not None:
        dump(fn.name, "built", fn)
    optimise(fn, None if dump is None else lambda stage, fn: dump(fn.name, stage, fn))
    try:
        compiled = [(one, lower(one)) for one in (fn, *fn.callees.values())]
        check_stack({one.name: code for one, code in compiled})
    except StackOverflow as overflow:
        raise _too_much_stack(fn.name, overflow.users) from None
    except TooLong as long:
        raise CompileError(
            f"{long.slots} instructions lie between here and where this leads when it is not "
            "taken; a jump reaches 32,767",
            place(long.span) if long.span else None,
            ("write what is repeated as a loop, or as a function that is called",),
        ) from None
    return compiled


def _too_much_stack(name: str, users: Sequence[tuple[Span | None, int]]) -> CompileError:
    lines: dict[tuple[str, int] | None, int] = {}
    spans: dict[tuple[str, int] | None, tuple[int, Span]] = {}
    for span, size in users:
        line = (span.file, span.line) if span else None
        lines[line] = lines.get(line, 0) + size
        if span and size > spans.get(line, (0,))[0]:
            spans[line] = size, span
    ranked = sorted(lines.items(), key=lambda user: -user[1])
    listed = [
        f"{size:>5} bytes: {f'line {line[1]}' if line else 'registers set aside'}"
        for line, size in ranked[:_LISTED]
    ]
    if len(ranked) > _LISTED:
        listed.append(f"  and {len(ranked) - _LISTED} more")
    at = next((spans[line][1] for line, _ in ranked if line in spans), None)
    large = max((size for size, _ in spans.values()), default=0) > _LARGE
    return CompileError(
        f"{name}() needs {sum(lines.values())} bytes of stack; a program has {STACK_SIZE}",
        place(at) if at else None,
        ("who uses it:", *listed, _RESERVE if large else _SPLIT),
    )


def _map(types: Types, module: Module, name: str, declaration: MapDeclaration | PlainMap) -> Map:
    if isinstance(declaration, PlainMap):
        return _plain_map(types, module, name, declaration)
    value = _value_type(declaration)
    held = type_id(types, value)
    if isinstance(declaration, Stream):
        drops = module.drop_index(name) if name in module.drops else None
        number = value_size(declaration.key) if declaration.key else 0
        return Map(
            name, declaration.type, number, number, declaration.max_entries, record=held,
            drops=drops,
        )  # fmt: skip
    key = key_type(declaration)
    return Map(
        name,
        declaration.type,
        value_size(key) if key else 0,
        value_size(value),
        declaration.max_entries,
        declaration.flags,
        key_type=type_id(types, key) if key else 0,
        value_type=held,
    )


def _plain_map(types: Types, module: Module, name: str, plain: PlainMap) -> Map:
    """A map whose keys and values are of some size, whatever they are."""
    key, value = (_plain_type(types, module, one) for one in (plain.key, plain.value))
    key_size, size = (value_size(one) if one else 0 for one in (plain.key, plain.value))
    if name in module.records or plain.count_drops:
        struct = module.records.get(name)
        record = _plain_type(types, module, struct)
        drops = module.drop_index(name) if name in module.drops else None
        return Map(
            name, plain.type, key_size, size, plain.max_entries, plain.flags, record=record,
            drops=drops,
        )  # fmt: skip
    if plain.type is MapType.LPM_TRIE and not isinstance(plain.key, type):
        key = value = 0  # the kernel takes no other type than a struct
    return Map(name, plain.type, key_size, size, plain.max_entries, plain.flags, key, value)


def _plain_type(types: Types, module: Module, kind: ValueType | ArrayType | None) -> int:
    if isinstance(kind, type):
        kind = as_text(kind, module.texts.get(kind, ()))
    return type_id(types, kind) if kind else 0


def _value_type(declaration: MapDeclaration) -> ValueType | ArrayType:
    if declaration.types:
        return declaration.types[-1]
    from kring.decl.containers import VALUES

    return VALUES[type(declaration)](declaration)


def _variables(types: Types, module: Module) -> Map:
    """The map of the shared variables, which user space sees as memory."""
    data = module.variable_data()
    section = DataSec(
        DATA,
        len(data),
        tuple(
            (types.add(Var(name, type_id(types, found.types[0]))), offset, len(found.initial))
            for name, (offset, found) in module.variables.items()
        ),
    )
    return Map(
        DATA, MapType.ARRAY, 4, len(data), 1, BPF_F_MMAPABLE,
        value_type=types.add(section), data=data,
    )  # fmt: skip


def _constants(types: Types, data: bytes) -> Map:
    """The map of what programs only read, frozen before they are loaded."""
    text = types.add(Var("constants", type_id(types, Char(len(data)))))
    section = DataSec(CONSTANTS, len(data), ((text, 0, len(data)),))
    return Map(
        CONSTANTS, MapType.ARRAY, 4, len(data), 1, BPF_F_MMAPABLE | BPF_F_RDONLY_PROG,
        value_type=types.add(section), data=data,
    )  # fmt: skip


def _program(
    types: Types,
    kernel: KernelTypes,
    kfuncs: Mapping[str, int],
    name: str,
    source: Source,
    functions: list[tuple[Fn, Code]],
) -> Program:
    numbers = {fn.name: number for number, (fn, _) in enumerate(functions)}
    pieces = [
        _piece(types, kernel, kfuncs, c_name(fn.name) if number else name, fn, code, numbers)
        for number, (fn, code) in enumerate(functions)
    ]
    return join(name, source.section, pieces[0], pieces.__getitem__)


def _piece(
    types: Types,
    kernel: KernelTypes,
    kfuncs: Mapping[str, int],
    name: str,
    fn: Fn,
    code: Code,
    numbers: dict[str, int],
) -> Piece:
    """One function, its callees by their numbers."""
    encoded = bytearray(encode(code.insns))
    relocs = [_core(kernel, encoded, slot, core) for slot, core in code.core]
    return Piece(
        numbers[fn.name],
        name,
        _function_type(types, name, fn, entry=not numbers[fn.name]),
        bytes(encoded),
        tuple((slot, numbers[name], RELOC_CALL) for slot, name in code.calls),
        tuple(MapRef(slot, name, offset) for slot, name, offset in code.maps),
        tuple(relocs),
        tuple(_line(types, slot, span) for slot, span in code.lines),
        tuple(KfuncRef(slot, name, kfuncs[name]) for slot, name in code.kfuncs),
    )


def _function_type(types: Types, name: str, fn: Fn, entry: bool) -> int:
    """An entry is global and takes its context; what it calls is static."""
    if entry:
        prototype = FuncProto(type_id(types, IntType(4, True)), (("ctx", types.add(Ptr(0))),))
        return types.add(Func(name, types.add(prototype), linkage=1))
    number = type_id(types, IntType(8, True))
    params = tuple(
        (f"arg{at}", types.add(Ptr(0)) if param.type.space else number)
        for at, param in enumerate(fn.entry.params, 1)
    )
    return types.add(Func(name, types.add(FuncProto(number, params)), linkage=0))


_CORE_KINDS = {
    "offset": CoreKind.FIELD_BYTE_OFFSET,
    "exists": CoreKind.FIELD_EXISTS,
    "size": CoreKind.FIELD_BYTE_SIZE,
    "signed": CoreKind.FIELD_SIGNED,
    "lshift": CoreKind.FIELD_LSHIFT_U64,
    "rshift": CoreKind.FIELD_RSHIFT_U64,
    "type_exists": CoreKind.TYPE_EXISTS,
    "type_size": CoreKind.TYPE_SIZE,
    "enum_exists": CoreKind.ENUMVAL_EXISTS,
    "enum_value": CoreKind.ENUMVAL_VALUE,
}


def _core(kernel: KernelTypes, code: bytearray, slot: int, core: Core) -> CoreReloc:
    """The record of a kernel-dependent instruction, which gets the value of our own layout."""
    struct, access, value = kernel.answer(core.struct, core.path, core.kind)
    at, low = slot * 8, value & 0xFFFF_FFFF
    if code[at] == LDDW:
        code[at + 12 : at + 16] = (value >> 32 & 0xFFFF_FFFF).to_bytes(4, "little")
    if code[at] & 7 not in (LDX, ST, STX) or code[at] == LDDW:
        code[at + 4 : at + 8] = low.to_bytes(4, "little")
    elif value < 1 << 15:
        code[at + 2 : at + 4] = value.to_bytes(2, "little")
    else:
        raise ObjectError(f"{core.struct} is too large: {core.path[0]} lies at {value}")
    return CoreReloc(slot, struct, access, _CORE_KINDS[core.kind])


def _line(types: Types, slot: int, span: Span) -> LineInfo:
    """Where the code from `slot` on comes from; its texts must be among the types' strings."""
    text = source_line(span.file, span.line).rstrip("\n")
    types.string(span.file)
    types.string(text)
    return LineInfo(slot, span.file, text, span.line, span.column)
