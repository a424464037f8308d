"""The arguments of a static probe of user space, as the program's parameters.

In: parameters with integer types, by position, and the notes of the file that has the probe. Out:
variables with the arguments' values. Where the probe's places keep them differently, the cookie
that each place was attached with says which it is.
"""

from __future__ import annotations

import ast

from kring.abi.contexts import REGISTERS
from kring.abi.usdt import Place, Site, forms, parse_arguments
from kring.decl.contexts import Registers
from kring.decl.types import IntType, int_type
from kring.frontend.contexts import annotation_of
from kring.frontend.diagnose import refuse
from kring.frontend.frame import Frame
from kring.frontend.integers import truncate
from kring.frontend.values import Ctx, Num, Static
from kring.ir.core import Mem, Op, Value

_WORD = 8


def bind(frame: Frame, args: list[ast.arg]) -> None:
    """Give each parameter its argument; a single `Registers` has what there is."""
    if len(args) == 1 and annotation_of(frame, args[0]) is Registers:
        frame.b.env[args[0].arg] = Ctx(frame.b.context, Registers)
        return
    if not args:
        return
    kinds = [_kind(frame, arg) for arg in args]
    places = [_places(frame, args, parse_arguments(form)) for form in forms(_sites(frame, args[0]))]
    b = frame.b
    cookie = b.call("get_attach_cookie", b.context) if len(places) > 1 else b.const(0)
    after = b.join()
    for number, listed in enumerate(places):
        this, others = b.join(), b.join()
        last = number == len(places) - 1
        here = b.const(1) if last else b.emit(Op.EQ, cookie, b.const(number))
        b.branch(here, this, others)
        b.enter(this)
        for arg, kind, place in zip(args, kinds, listed, strict=True):
            frame.at(arg)
            b.env[arg.arg] = _value(frame, kind, place)
        b.jump(after)
        b.enter(others)
    b.enter(after)


def _kind(frame: Frame, arg: ast.arg) -> IntType | None:
    """The declared type, None for an argument that is not used."""
    declared = annotation_of(frame, arg)
    kind = int_type(declared)
    if declared is object or (kind is not None and not kind.big):
        return kind
    refuse(
        frame.at(arg),
        f"say what the argument {arg.arg!r} is",
        "write an integer type, as in `n: u32`; an address is `u64`, `user_str(p)` what is there",
    )


def _sites(frame: Frame, first: ast.arg) -> list[Site]:
    target = frame.program.target
    if frame.facts is None:
        refuse(
            frame.at(first),
            f"where {target} has its arguments is known only where its file is",
            "load the program there, or leave out the parameters",
        )
    return list(frame.facts.sites(target))


def _places(frame: Frame, args: list[ast.arg], found: list[Place | None]) -> list[Place | None]:
    """The arguments' places, those that are used of forms that are known."""
    target = frame.program.target
    if len(args) > len(found):
        many = f"{len(found)} argument{'s' * (len(found) != 1)}" if found else "no arguments"
        refuse(frame.at(args[len(found)]), f"{target} has {many}")
    for arg, place in zip(args, found, strict=False):
        if place is None and annotation_of(frame, arg) is not object:
            refuse(
                frame.at(arg),
                f"the argument {arg.arg!r} of {target} is where programs do not reach",
                f"declare it `{arg.arg}: object`, and do not use it",
            )
    return found[: len(args)]


def _value(frame: Frame, kind: IntType | None, place: Place | None) -> Num | Static:
    if kind is None or place is None:
        return Static(object)
    return truncate(frame.b, Num(_read(frame, place), signed=place.signed), kind)


def _read(frame: Frame, place: Place) -> Value:
    """The argument, extended to 64 bits."""
    b = frame.b
    bits = place.size * 8
    if place.constant is not None:
        return b.const(place.constant)
    if not place.memory:
        value = _register(frame, place.base)
        return value if bits == 64 else b.emit(_extension(place), value, imm=bits)
    address = b.const(place.offset)
    if place.base:
        address = b.emit(Op.ADD, _register(frame, place.base), address)
    if place.index:
        moved = b.emit(Op.MUL, _register(frame, place.index), b.const(place.scale))
        address = b.emit(Op.ADD, address, moved)
    memory = b.stack(_WORD)
    b.call("probe_read_user", memory, b.const(place.size), address)
    return b.load(memory, Mem(0, place.size, place.signed and place.size < _WORD))


def _extension(place: Place) -> Op:
    return Op.SEXT if place.signed else Op.ZEXT


def _register(frame: Frame, name: str) -> Value:
    return frame.b.load(frame.b.context, Mem(REGISTERS[name].offset, _WORD))
