"""Programs that ask CO-RE questions and keep the answers, built here instruction by instruction.

A question is a type, an access string and a kind. The program that `ask` makes of many puts each
answer into the value of an array, by an instruction of the form that a compiler picks.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from kring.abi.asm import parse
from kring.abi.code import encode
from kring.abi.uapi import MapType
from kring.btf.blob import Btf
from kring.btf.core import resolve
from kring.btf.ext import CoreKind, CoreReloc
from kring.obj.object import Map, MapRef, Object, Program
from kring.obj.relocate import relocate
from kring.run.target import Target

_FORMS = {
    "lddw": ("lddw %r1, {held}", 2),
    "mov": ("mov %r1, {held}", 1),
    "add": ("mov %r1, 0\nadd %r1, {held}", 2),
}
"""Text, and the slots it takes; the last instruction holds the answer."""


class Question(NamedTuple):
    type: int
    access: str
    kind: CoreKind
    form: str = "lddw"


class Load(NamedTuple):
    """A load of a field from an instance of the struct, by `ldxw` and the like."""

    type: int
    access: str
    mnemonic: str


def held(local: Btf, one: Question | Load) -> int:
    """What a compiler would put into the instruction: the answer of the program's own types."""
    kind = one.kind if isinstance(one, Question) else CoreKind.FIELD_BYTE_OFFSET
    return resolve(CoreReloc(0, one.type, one.access, kind), local, local).value or 0


def program(local: Btf, questions: Sequence[Question | Load]) -> Program:
    """Answers go one after another to `out`; loads are from `in`."""
    text = ["lddw %r2, 0", "lddw %r3, 0"]
    slot = 4
    relocs: list[CoreReloc] = []
    for at, one in enumerate(questions):
        if isinstance(one, Load):
            lines, slots, first = f"{one.mnemonic} %r1, [%r3+{held(local, one)}]", 1, slot
            kind = CoreKind.FIELD_BYTE_OFFSET
        else:
            lines, slots = _FORMS[one.form]
            lines, kind = lines.format(held=held(local, one)), one.kind
            first = slot + slots - (2 if one.form == "lddw" else 1)
        relocs.append(CoreReloc(first, one.type, one.access, kind))
        text += [lines, f"stxdw [%r2+{8 * at}], %r1"]
        slot += slots + 1
    code = encode(parse("\n".join([*text, "mov %r0, 0", "exit"])))
    maps = (MapRef(0, "out", 0), MapRef(2, "in", 0))
    return Program("ask", "syscall", code, maps, tuple(relocs))


def ask(
    types: bytes, questions: Sequence[Question | Load], on: Target, instance: bytes = bytes(64)
) -> list[int]:
    """The answers on a place that runs programs; `instance` is what loads are from."""
    local = Btf(types, where="program")
    asked = program(local, questions)
    out = Map("out", MapType.ARRAY, 4, 8 * len(questions), 1)
    given = Map("in", MapType.ARRAY, 4, len(instance), 1)
    runtime = on.open(Object("asking", (asked,), (out, given), b""))
    try:
        live = {spec.name: runtime.create_map(spec) for spec in (out, given)}
        live["in"].update(bytes(4), instance)
        fds = {name: one.fd for name, one in live.items()}
        runtime.load(asked, relocate(asked, fds, local, runtime.btf)).run()
        found = live["out"].lookup(bytes(4))
    finally:
        runtime.close()
    assert found is not None
    return [int.from_bytes(found[at : at + 8], "little") for at in range(0, len(found), 8)]
