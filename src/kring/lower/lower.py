"""The pipeline from IR to bytecode.

In:  a function that `ir.check` accepts.
Out: `lower(fn) -> Code`.
"""

from __future__ import annotations

from kring.abi.isa import STACK_SIZE
from kring.ir.core import Fn
from kring.lower.code import Code, StackOverflow
from kring.lower.edges import resolve
from kring.lower.emit import emit
from kring.lower.layout import order, tidy
from kring.lower.registers import assign
from kring.lower.reuse import reuse
from kring.lower.select import select


def lower(fn: Fn) -> Code:
    """The function's bytecode.

    Raises: StackOverflow if it needs more than 512 bytes of stack.
    """
    out = select(fn)
    private = -out.frame
    resolve(out)
    assign(out)
    reuse(out.blocks, private)
    out.blocks = order(tidy(out.blocks))
    code = emit(out)
    if code.stack > STACK_SIZE:
        raise StackOverflow(code.stack_users)
    return code
