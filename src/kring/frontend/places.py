"""Places in memory that programs write: which struct a field belongs to, which entry of a map."""

from __future__ import annotations

import ast
from typing import Any, cast

from kring.decl.maps import MapDeclaration
from kring.decl.variables import Global
from kring.frontend.diagnose import refuse
from kring.frontend.expressions import evaluate
from kring.frontend.frame import Frame, cure
from kring.frontend.values import Ctx, KernelPtr, Record, Ref, Static, describe
from kring.frontend.variables import variable


def written_struct(frame: Frame, node: ast.expr) -> Ref | Ctx:
    """The struct, or the context, whose field is written."""
    val = evaluate(frame, node)
    span = frame.at(node)
    match val:
        case Ref() | Ctx():
            return val
        case Record(ref):
            return ref
        case KernelPtr():
            refuse(span, "a program reads the kernel's structs and cannot write them")
        case Static(declaration) if isinstance(declaration, Global):
            return variable(frame, cast("Global[Any]", declaration), ast.unparse(node), span)
        case Static(MapDeclaration()):
            refuse(span, "a map's declaration has no fields to write")
        case _:
            refuse(span, f"{describe(val)} has no fields to write", *cure(val, span))
