"""Refuses a function that breaks the rules of the IR.

In: any function. Out: nothing, or `InternalError` with the value that is wrong. It runs after
every pass, so each rule is one look per value; dominance is two comparisons of numbers.
"""

from __future__ import annotations

from collections.abc import Callable

from kring.abi.helpers import HELPERS
from kring.errors import InternalError
from kring.ir.core import (
    ROWS,
    Block,
    Core,
    Edge,
    Fn,
    GlobalRef,
    Imm,
    Imms,
    Mem,
    Op,
    Space,
    Type,
    Value,
)
from kring.ir.graph import EDGES, Dominance, dominance, tested
from kring.ir.text import print_value

_WIDTHS = frozenset((1, 2, 4, 8))
_OPAQUE = frozenset((Space.MAP, Space.PACKET_END, Space.KERNEL, Space.USER))
"""What no load or store of a program may touch directly."""
_TRACKED = frozenset((Space.CTX, Space.STACK, Space.VALUE, Space.RECORD, Space.PACKET, Space.MAP))
"""Pointers that the verifier follows from their origin: arithmetic must not change their kind."""
_BUFFERS = frozenset(("out", "in", "key", "value"))
_KINDS = {"map": Space.MAP, "ctx": Space.CTX, "record": Space.RECORD}


def check(fn: Fn) -> None:
    """Returns if the function keeps every rule.

    Raises: InternalError that shows the value breaking one.
    """
    if not fn.blocks:
        raise InternalError(f"{fn.name}: a function without blocks")
    _check_shape(fn)
    facts = dominance(fn)
    if len(facts.order) != len(fn.blocks):
        lost = next(block for block in fn.blocks if block not in facts.first)
        raise InternalError(f"{fn.name}: {lost} is unreachable")
    if facts.preds[fn.entry]:
        raise InternalError(f"{fn.name}: {facts.preds[fn.entry][0]} leads back to the entry")
    _check_uses(fn, facts)


def _fail(fn: Fn, block: Block, value: Value, why: str) -> InternalError:
    return InternalError(f"{fn.name}: {block}: {print_value(value)}: {why}")


def _check_shape(fn: Fn) -> None:
    """Terminators, edges, operand counts, immediates; what needs no order of blocks."""
    blocks = set(fn.blocks)
    if len(blocks) != len(fn.blocks) or len({block.id for block in blocks}) != len(blocks):
        raise InternalError(f"{fn.name}: a block is listed twice, or two have one number")
    for block in fn.blocks:
        end = block.end
        if end is None or not ROWS[end.op].ends:
            raise InternalError(f"{fn.name}: {block} has no terminator")
        if len(block.edges) != EDGES[end.op]:
            raise _fail(fn, block, end, f"{len(block.edges)} edges, wanted {EDGES[end.op]}")
        for edge in block.edges:
            if edge.block not in blocks:
                raise _fail(fn, block, end, f"leads to {edge.block}, which is not listed")
            if len(edge.args) != len(edge.block.params):
                wanted = len(edge.block.params)
                raise _fail(
                    fn, block, end, f"{len(edge.args)} arguments, {edge.block} has {wanted}"
                )
        for param in block.params:
            if param.op is not Op.PARAM:
                raise _fail(fn, block, param, "not a parameter")
        for value in block.body:
            row = ROWS[value.op]
            if row.ends or value.op is Op.PARAM:
                raise _fail(fn, block, value, "does not belong in a body")
            if row.args >= 0 and len(value.args) != row.args:
                raise _fail(fn, block, value, f"{len(value.args)} operands, wanted {row.args}")
            if not _IMMS[row.imm](value.imm):
                raise _fail(fn, block, value, f"immediate {value.imm!r}")
        if len(end.args) != ROWS[end.op].args:
            raise _fail(fn, block, end, f"{len(end.args)} operands")


def _good_mem(imm: Imm) -> bool:
    return (
        isinstance(imm, Mem)
        and imm.size > 0
        and (imm.core is None or (imm.offset == 0 and imm.core.kind == "offset"))
        and -0x8000 <= imm.offset <= 0x7FFF
    )


_IMMS: dict[Imms, Callable[[Imm], bool]] = {
    Imms.NONE: lambda imm: imm is None,
    Imms.INT: lambda imm: isinstance(imm, int) and -(1 << 63) <= imm < 1 << 64,
    Imms.BITS: lambda imm: isinstance(imm, int) and 0 < imm <= 64,
    Imms.NAME: lambda imm: isinstance(imm, str),
    Imms.MEM: _good_mem,
    Imms.CORE: lambda imm: isinstance(imm, Core),
    Imms.GLOBAL: lambda imm: isinstance(imm, GlobalRef),
}


def _check_uses(fn: Fn, facts: Dominance) -> None:
    """Each use after its definition on every way, and of a type it may have."""
    home: dict[Value, Block] = {}
    ids: set[int] = set()
    nullable: list[tuple[Value, Block, Value]] = []

    def define(value: Value, block: Block) -> None:
        if value in home or value.id in ids:
            raise _fail(fn, block, value, "is in two places, or shares its number")
        home[value] = block
        ids.add(value.id)

    def use(args: list[Value], value: Value, block: Block) -> None:
        # Blocks come in reverse postorder, so what dominates has been defined before.
        for arg in args:
            at = home.get(arg)
            if at is not block and (at is None or not facts.dominates(at, block)):
                raise _fail(fn, block, value, f"{arg} may not have been computed")

    for block in facts.order:
        for param in block.params:
            define(param, block)
        for value in block.body:
            if value.args:
                use(value.args, value, block)
            rule = _RULES.get(value.op)
            if rule is not None:
                why = rule(value)
                if why:
                    raise _fail(fn, block, value, why)
                nullable += [(arg, block, value) for arg in _needed(value) if arg.type.nullable]
            define(value, block)
        assert block.end is not None
        use(block.end.args, block.end, block)
        for edge in block.edges:
            if edge.args:
                use(edge.args, block.end, block)
                _check_edge(fn, facts, block, edge)
    for pointer, block, value in nullable:
        if not _not_null(facts, pointer, block):
            raise _fail(fn, block, value, f"{pointer} may be null here")


def _check_edge(fn: Fn, facts: Dominance, block: Block, edge: Edge) -> None:
    assert block.end is not None
    for arg, param in zip(edge.args, edge.block.params, strict=True):
        if arg.type is param.type or arg.type == param.type:
            continue
        if arg.type.space is not param.type.space:
            raise _fail(fn, block, block.end, f"{arg} is {arg.type}, {param} is {param.type}")
        if arg.type.nullable and not _not_null(facts, arg, block, edge):
            raise _fail(fn, block, block.end, f"{arg} may be null, {param} may not")


def _not_null(facts: Dominance, pointer: Value, block: Block, via: Edge | None = None) -> bool:
    """Whether a `br` has found the pointer not null on every way into the block.

    With `via`, an edge of the block, or on that edge.
    """
    for source in facts.order:
        if source.end is None or source.end.op is not Op.BR:
            continue
        value, taken = tested(source.end)
        if value is not pointer:
            continue
        proof = source.edges[0 if taken else 1]
        if proof is via:
            return True
        if facts.edge_leads(source, proof.block) and facts.dominates(proof.block, block):
            return True
    return False


def _needed(value: Value) -> list[Value]:
    """The operands that must be pointers and not null for the operation to be safe."""
    if value.op is Op.ADD:
        return value.args[:1] if value.type.space in _TRACKED else []
    if value.op is not Op.CALL:
        return value.args[:1]
    helper = HELPERS.get(str(value.imm))
    if helper is None:
        return []
    wanted = zip(value.args, helper.args, strict=True)
    return [arg for arg, kind in wanted if kind in _BUFFERS or kind in _KINDS]


def _memory(value: Value) -> str:
    """Why a load, store, zero or atomic add is wrong, or nothing."""
    space = value.args[0].type.space
    mem = value.imm
    assert isinstance(mem, Mem)
    if space is None or space in _OPAQUE:
        return f"no memory behind {value.args[0].type}"
    if value.op is Op.LOAD:
        return "" if mem.size in _WIDTHS else f"a load of {mem.size} bytes"
    if space is Space.BTF:
        return "a store to kernel memory"
    if mem.signed:
        return "only loads are signed"
    if value.op is Op.STORE and mem.size not in _WIDTHS:
        return f"a store of {mem.size} bytes"
    if value.op is Op.ATOMIC_ADD and mem.size not in (4, 8):
        return f"an atomic add of {mem.size} bytes"
    return ""


def _sum(value: Value) -> str:
    left, right = (arg.type.space for arg in value.args)
    if left not in _TRACKED and right not in _TRACKED:
        return ""
    if left is None or right is not None:
        return "a pointer stands left and a number right"
    return (
        "" if value.type == Type(left) else f"{value.args[0].type} plus a number is no {value.type}"
    )


def _call(value: Value) -> str:
    helper = HELPERS.get(str(value.imm))
    if helper is None:
        return ""
    if len(value.args) != len(helper.args):
        return f"{len(value.args)} arguments, wanted {' '.join(helper.args) or 'none'}"
    for arg, kind in zip(value.args, helper.args, strict=True):
        space = arg.type.space
        if kind in _BUFFERS and (space is None or space in _OPAQUE):
            return f"{arg} is {arg.type}, wanted memory"
        if kind in _KINDS and space is not _KINDS[kind]:
            return f"{arg} is {arg.type}, wanted ptr.{_KINDS[kind].value}"
    return ""


_RULES: dict[Op, Callable[[Value], str]] = {
    Op.LOAD: _memory,
    Op.STORE: _memory,
    Op.ZERO: _memory,
    Op.ATOMIC_ADD: _memory,
    Op.ADD: _sum,
    Op.BSWAP: lambda value: "" if value.imm in (16, 32, 64) else f"no swap of {value.imm} bits",
    Op.CALL: _call,
}
"""What an operation asks of its operands beyond their number; each returns why it is wrong."""
