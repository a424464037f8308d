"""Elements of arrays in kernel structs.

A constant index is part of the path and checked here. Any other moves the pointer, which the
verifier then takes for a bare address; outside the array it becomes NULL, so that the read gives 0
as all reads do that lead nowhere.
"""

from __future__ import annotations

from kring.decl.types import ArrayType
from kring.frontend import integers
from kring.frontend.builder import Builder
from kring.frontend.diagnose import refuse
from kring.frontend.values import Items, KernelArray, KernelPtr, Num, Val
from kring.frontend.walk import ask, field_address, read
from kring.ir.core import Core, Op, Space, Span, Type, Value

_ADDRESS = "<element>"


def element(b: Builder, array: KernelArray, index: Num, span: Span) -> Val:
    """What the array has at the index."""
    kind, count = array.kind.element, array.kind.count
    known = integers.known(index)
    if known is None:
        base = _moved(b, array, index)
        return read(b, base, array.root, (*array.path, "0"), kind)
    if not -count <= known[0] < count:
        refuse(
            span,
            f"index {known[0]} is out of range: the array is declared with {count} elements, "
            f"0 to {count - 1} or, from the end, -1 to {-count}",
        )
    return read(b, array.pointer, array.root, (*array.path, str(known[0] % count)), kind)


def whole(b: Builder, array: KernelArray) -> Items:
    """The array as a copy on the stack; of integers only."""
    if not isinstance(array.kind, ArrayType) or isinstance(array.kind.element, type):
        refuse(b.span, "an array of structs or pointers is read one element at a time")
    slot = b.stack(array.kind.size)
    fetch(b, array, slot, array.kind.size)
    return Items(slot, array.kind, copied="what was read from the kernel")


def fetch(b: Builder, array: KernelArray, target: Value, size: int) -> None:
    """Copy the first bytes of the array; zeros if they cannot be read."""
    at = field_address(b, array.pointer, Core(array.root.__name__, array.path))
    b.call("probe_read_kernel", target, b.const(size), at)


def _moved(b: Builder, array: KernelArray, index: Num) -> Value:
    """A pointer from which the first element is the one of the index."""
    first = Core(array.root.__name__, (*array.path, "0"))
    offset = b.emit(Op.MUL, index.value, ask(b, first, "size"))
    address = b.emit(Op.ADD, array.pointer, offset, type=Type(Space.KERNEL))
    low, high = b.bounds(index.value)
    if low >= 0 and high < array.kind.count:
        return address
    inside, outside, after = b.join(), b.join(), b.join()
    b.branch(b.emit(Op.ULT, index.value, b.const(array.kind.count)), inside, outside)
    b.enter(inside)
    b.env[_ADDRESS] = KernelPtr(address, array.root)
    b.jump(after)
    b.enter(outside)
    null = b.emit(Op.ADD, b.const(0), b.const(0), type=Type(Space.KERNEL))
    b.env[_ADDRESS] = KernelPtr(null, array.root)
    b.jump(after)
    b.enter(after)
    found = b.env.pop(_ADDRESS, None)
    return found.pointer if isinstance(found, KernelPtr) else address
