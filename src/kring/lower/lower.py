"""The pipeline from IR to bytecode.

In:  a function that `ir.check` accepts.
Out: `lower(fn) -> Code`; `check_stack`, whether functions that call each other have room.
"""

from __future__ import annotations

from collections.abc import Mapping

from kring.abi.isa import STACK_SIZE
from kring.ir.core import Fn
from kring.lower.code import Code, StackOverflow
from kring.lower.edges import resolve
from kring.lower.emit import emit
from kring.lower.layout import order, tidy
from kring.lower.registers import assign
from kring.lower.reuse import reuse
from kring.lower.select import select

_FRAME = 32
"""Bytes in whole multiples of which the frames of functions that call each other count."""


def lower(fn: Fn) -> Code:
    """The function's bytecode.

    Raises: StackOverflow if it needs more than 512 bytes of stack, TooLong if a jump is too far.
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


def check_stack(functions: Mapping[str, Code]) -> None:
    """Returns if no way of calls from the first function takes more stack than there is.

    Raises: StackOverflow with the users of all functions on such a way.
    See: kernel/bpf/verifier.c, check_max_stack_depth.
    """

    def walk(name: str, above: tuple[Code, ...]) -> None:
        chain = (*above, functions[name])
        if sum(max(-(-code.stack // _FRAME) * _FRAME, _FRAME) for code in chain) > STACK_SIZE:
            raise StackOverflow(tuple(user for code in chain for user in code.stack_users))
        for _, callee in functions[name].calls:
            walk(callee, chain)

    if len(functions) > 1:
        walk(next(iter(functions)), ())
