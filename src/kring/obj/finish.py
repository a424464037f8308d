"""An object's types with what only its ELF knows, as the kernel accepts them.

In: an ELF, its types and what it leaves to the kernel. Out: raw BTF under the same ids.

Compilers leave sizes and offsets in sections 0, which the kernel refuses, as it does what is
defined elsewhere: functions become functions like others, variables of the kernel their bare types,
and the list of both an empty type. Functions that are hidden from other objects become static, and
integers that gcc calls both signed and characters are only signed.
"""

from __future__ import annotations

from typing import Final

from kring.btf.blob import Btf
from kring.btf.ext import ExtSection
from kring.btf.types import DataSec, DeclTag, Func, FuncProto, Int, Kind, Modifier, Type, Var
from kring.btf.write import Builder
from kring.obj.elf import FUNC, Elf
from kring.obj.externs import KCONFIG, KSYMS, Externs
from kring.record import replace

EXTERN: Final = 2
"""BTF_FUNC_EXTERN, and BTF_VAR_GLOBAL_EXTERN."""
_STATIC: Final = 0
_GLOBAL: Final = 1

Places = dict[str, tuple[int, dict[str, int]]]
"""By section's name its size, and by symbol's name the offsets in it."""


def finished(elf: Elf, btf: Btf, externs: Externs, known: dict[str, ExtSection]) -> bytes:
    """The types; names of files and the text of lines stay in the strings, for the kernel to
    point at."""
    builder, places = Builder(), _places(elf)
    hidden = {symbol.name for symbol in elf.symbols if symbol.hidden and symbol.kind == FUNC}
    prototypes = {type.type for type in btf if isinstance(type, Func) and type.linkage == EXTERN}
    gone = _kernel_variables(btf)
    for id in range(1, len(btf)):
        type = btf[id]
        builder.reserve()
        if id in prototypes and isinstance(type, FuncProto):
            type = replace(type, params=_named(type.params))
        elif isinstance(type, Func) and type.linkage == _GLOBAL and type.name in hidden:
            # The verifier looks at a global function alone, knowing nothing of its arguments.
            type = replace(type, linkage=_STATIC)
        elif isinstance(type, DeclTag) and type.type in gone:
            type = Modifier(Kind.CONST, 0)
        builder.set(id, _settled(btf, externs, places, type, id in gone))
    for section in known.values():
        for line in section.lines:
            builder.string(line.file)
            builder.string(line.line_text)
    return builder.bytes()


def _kernel_variables(btf: Btf) -> set[int]:
    """Ids of variables of the kernel."""
    section = btf.section(KSYMS)
    rows = section.vars if section else ()
    return {id for id, _, _ in rows if isinstance(btf[id], Var)}


def _named(params: tuple[tuple[str, int], ...]) -> tuple[tuple[str, int], ...]:
    """Parameters that all have names: compilers leave them out of declarations."""
    return tuple((name or f"arg{n}", type) for n, (name, type) in enumerate(params, 1))


def _places(elf: Elf) -> Places:
    inside: dict[int, dict[str, int]] = {}
    for symbol in elf.symbols:
        inside.setdefault(symbol.section, {})[symbol.name] = symbol.value
    found: Places = {}
    for number, section in enumerate(elf.sections):
        found.setdefault(section.name, (len(section.data), inside.get(number, {})))
    return found


def _settled(btf: Btf, externs: Externs, places: Places, type: Type, gone: bool) -> Type:
    match type:
        case Int(signed=True, char=True) as number:
            return replace(number, char=False)
        case Func(name=""):
            return Modifier(Kind.CONST, 0)
        case Func(linkage=linkage) if linkage == EXTERN:
            return replace(type, linkage=_GLOBAL)
        case Var() if gone:
            return Modifier(Kind.CONST, type.type)
        case Var(linkage=linkage) if linkage == EXTERN:
            return replace(type, linkage=_GLOBAL)
        case DataSec(name=name) if name == KSYMS:
            return Modifier(Kind.CONST, 0)
        case DataSec(name=name) if name == KCONFIG:
            return _with_settings(btf, type, externs)
        case DataSec():
            return _placed(btf, places, type)
        case _:
            return type


def _with_settings(btf: Btf, section: DataSec, externs: Externs) -> DataSec:
    at = {name: setting.offset for name, setting in externs.settings.items()}
    rows = [(id, at.get(btf.name(id), 0), btf.size(id)) for id, _, _ in section.vars]
    return DataSec(section.name, externs.size, tuple(sorted(rows, key=lambda row: row[1])))


def _placed(btf: Btf, places: Places, section: DataSec) -> DataSec:
    """The section with its size and its variables in order.

    A variable that the section does not hold is left out: compilers list constants there that they
    put among texts.
    """
    if section.name not in places:
        return section
    size, at = places[section.name]
    known = [(var, at.get(btf.name(var), -1), bytes) for var, _, bytes in section.vars]
    if section.size and any(offset < 0 for _, offset, _ in known):
        known = list(section.vars)
    rows: list[tuple[int, int, int]] = []
    end = 0
    for var, offset, bytes in sorted(known, key=lambda row: row[1]):
        if end <= offset and offset + bytes <= size:
            rows.append((var, offset, bytes))
            end = offset + bytes
    return DataSec(section.name, size, tuple(rows))
