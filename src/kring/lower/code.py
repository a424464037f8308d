"""What lowering hands out.

In:  nothing.
Out: `Code`, and `StackOverflow` and `TooLong` for functions that have none.
"""

from __future__ import annotations

from kring.abi.isa import Insn
from kring.ir.core import Core, Span
from kring.record import record


@record
class Code:
    """The instructions of one function, and what depends on things outside it, by slot.

    - `maps`: the `lddw` at `slot` names a map, or with an offset the address so many bytes into
      its only value. Its `src` is set; its immediate is 0, to be patched.
    - `calls`: the call at `slot` is of the function of that name. Its immediate is -1, to be
      patched.
    - `core`: the offset of the load or store at `slot`, or the immediate of its add or mov, is
      a fact of the target kernel. It is 0, to be patched.
    - `lines`: from `slot` on, code comes from there. The first entry is for slot 0.
    - `stack`: bytes used, a multiple of 8; `stack_users` says by what, each byte for the
      largest of those that share it, spilled registers last and without a span.
    - `kfuncs`: the call at `slot` is of the kernel function of that name. Its `imm` is 0.
    """

    insns: tuple[Insn, ...]
    maps: tuple[tuple[int, str, int | None], ...] = ()
    calls: tuple[tuple[int, str], ...] = ()
    core: tuple[tuple[int, Core], ...] = ()
    lines: tuple[tuple[int, Span], ...] = ()
    stack: int = 0
    stack_users: tuple[tuple[Span | None, int], ...] = ()
    kfuncs: tuple[tuple[int, str], ...] = ()


class TooLong(Exception):
    """A function in which a jump, made for what is at `span`, leads over too many slots.

    As of `StackOverflow`, the caller makes the error that the user sees.
    """

    def __init__(self, span: Span | None, slots: int) -> None:
        super().__init__(f"a jump over {slots} slots")
        self.span = span
        self.slots = slots


class StackOverflow(Exception):
    """A function that needs more stack than the kernel gives; `users` says what takes how many
    bytes, in the order of the source, spilled registers last and without a span.

    Only the caller knows the source text, so it makes the error the user sees.
    """

    def __init__(self, users: tuple[tuple[Span | None, int], ...]) -> None:
        super().__init__(f"{sum(size for _, size in users)} bytes of stack")
        self.users = users
