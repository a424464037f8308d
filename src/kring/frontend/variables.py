"""Shared variables inside programs: each is a struct of one field, `value`, at its own address."""

from __future__ import annotations

from typing import Any

from kring.decl.variables import DATA, Global
from kring.errors import DeclarationError
from kring.frontend.diagnose import refuse
from kring.frontend.frame import Frame
from kring.frontend.values import Ref
from kring.ir.core import GlobalRef, Op, Space, Span, Type
from kring.spelling import c_name


def variable(frame: Frame, declaration: Global[Any], spelled: str, span: Span) -> Ref:
    """The struct whose field `value` is the variable's value, named as it was first met."""
    name = frame.names.setdefault(id(declaration), spelled.rpartition(".")[2])
    try:
        offset = frame.b.module.variable_offset(c_name(name), declaration)
    except DeclarationError as error:
        refuse(span, str(error))
    pointer = frame.b.emit(Op.GLOBAL, imm=GlobalRef(DATA, offset), type=Type(Space.VALUE))
    return Ref(pointer, declaration.cell, shared=True)
