"""Refuses a function that breaks the rules of the IR.

In: any function. Out: nothing, or `InternalError` with the value that is wrong. It runs after
every pass, so each rule is one look per value; dominance is two comparisons of numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from kring.abi.helpers import HELPERS, VARIADIC
from kring.abi.isa import Insn
from kring.errors import InternalError
from kring.ir.core import (
    ACCESSES,
    ATOMICS,
    BARE,
    LOCAL,
    MEMORY,
    ROWS,
    Block,
    Core,
    Edge,
    Fn,
    GlobalRef,
    Imm,
    Imms,
    Kfunc,
    Mem,
    Op,
    Space,
    Type,
    Value,
    number,
)
from kring.ir.graph import EDGES, Dominance, dominance, tested

_WIDTHS = frozenset((1, 2, 4, 8))
_OPAQUE = frozenset((Space.MAP, Space.PACKET_END, Space.KERNEL, Space.USER))
"""What no load or store of a program may touch directly."""
_NEVER_ATOMIC = frozenset((Space.CTX, Space.PACKET))
_TRACKED = frozenset(
    (
        Space.CTX,
        Space.STACK,
        Space.VALUE,
        Space.RECORD,
        Space.PACKET,
        Space.MAP,
        Space.MEM,
    )
)
"""Pointers that the verifier follows from their origin: arithmetic must not change their kind."""
_BUFFERS = frozenset(("out", "in", "inout", "kept", "key", "value", "into"))
_KINDS = {"map": Space.MAP, "ctx": Space.CTX, "record": Space.RECORD, "btf": Space.BTF}


def check(fn: Fn) -> None:
    """Returns if the function and its callees keep every rule.

    Raises: InternalError that shows the value breaking one.
    """
    for one in (fn, *fn.callees.values()):
        check_one(one, fn.callees)


def check_one(fn: Fn, callees: Mapping[str, Fn]) -> None:
    """The same for one function, whose callees are known."""
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
    _check_calls(fn, callees)


def _check_calls(fn: Fn, callees: Mapping[str, Fn]) -> None:
    """Calls of functions of the program give each parameter an argument of its type."""
    for block in fn.blocks:
        for value in block.body:
            if value.op is not Op.CALL or not str(value.imm).startswith(LOCAL):
                continue
            callee = callees.get(str(value.imm).removeprefix(LOCAL))
            if callee is None:
                raise _fail(fn, block, value, "no such function")
            wanted = [param.type for param in callee.entry.params]
            if [arg.type.space for arg in value.args] != [type.space for type in wanted]:
                raise _fail(fn, block, value, f"wanted {', '.join(map(str, wanted)) or 'nothing'}")


def _fail(fn: Fn, block: Block, value: Value, why: str) -> InternalError:
    from kring.ir.text import print_value

    return InternalError(f"{fn.name}: {block}: {print_value(value)}: {why}")


def _check_shape(fn: Fn) -> None:
    """Terminators, edges, operand counts, immediates; what needs no order of blocks."""
    blocks = set(fn.blocks)
    if len(blocks) != len(fn.blocks) or len({block.id for block in blocks}) != len(blocks):
        raise InternalError(f"{fn.name}: a block is listed twice, or two have one number")
    for block in fn.blocks:
        _check_end(fn, block, blocks)
        for param in block.params:
            if param.op is not Op.PARAM:
                raise _fail(fn, block, param, "not a parameter")
        for value in block.body:
            row = ROWS[value.op]
            if row.args != len(value.args) and row.args >= 0:
                raise _fail(fn, block, value, f"{len(value.args)} operands, wanted {row.args}")
            if row.ends or value.op is Op.PARAM:
                raise _fail(fn, block, value, "does not belong in a body")
            imm = value.imm
            if imm.__class__ is not _IMMS[row.imm] or (imm.__class__ is Mem and not _good(imm)):
                raise _fail(fn, block, value, f"immediate {imm!r}")
    values = [value for block in fn.blocks for value in (*block.params, *block.body)]
    if len({value.id for value in values}) != len(values):
        once: set[int] = set()
        for value in values:
            if value.id in once:
                raise InternalError(f"{fn.name}: two values are {value}")
            once.add(value.id)


def _check_end(fn: Fn, block: Block, blocks: set[Block]) -> None:
    end = block.end
    if end is None or not ROWS[end.op].ends:
        raise InternalError(f"{fn.name}: {block} has no terminator")
    if len(end.args) != ROWS[end.op].args:
        raise _fail(fn, block, end, f"{len(end.args)} operands")
    if len(block.edges) != EDGES[end.op]:
        raise _fail(fn, block, end, f"{len(block.edges)} edges, wanted {EDGES[end.op]}")
    for edge in block.edges:
        if edge.block not in blocks:
            raise _fail(fn, block, end, f"leads to {edge.block}, which is not listed")
        if len(edge.args) != len(edge.block.params):
            wanted = f"{edge.block} has {len(edge.block.params)}"
            raise _fail(fn, block, end, f"{len(edge.args)} arguments, {wanted}")


def _good(imm: Imm) -> bool:
    """Whether a place in memory has a size and an offset that an instruction can hold."""
    return (
        isinstance(imm, Mem)
        and imm.size > 0
        and -0x8000 <= imm.offset <= 0x7FFF
        and (imm.core is None or (imm.offset == 0 and imm.core.kind == "offset"))
    )


_IMMS: dict[Imms, type[object]] = {
    Imms.NONE: type(None),
    Imms.INT: int,
    Imms.BITS: int,
    Imms.NAME: str,
    Imms.MEM: Mem,
    Imms.CORE: Core,
    Imms.GLOBAL: GlobalRef,
    Imms.KFUNC: Kfunc,
    Imms.INSN: Insn,
}


def _check_uses(fn: Fn, facts: Dominance) -> None:
    """Each use after its definition on every way, and of a type it may have."""
    first, last = facts.first, facts.last
    home: dict[Value, Block] = {}
    nullable = False

    def use(args: list[Value], value: Value, block: Block) -> None:
        # Blocks come in reverse postorder, so what dominates has been defined before.
        nonlocal nullable
        for arg in args:
            at = home.get(arg)
            if at is not block and (at is None or not first[at] <= first[block] <= last[at]):
                raise _fail(fn, block, value, f"{arg} may not have been computed")
            nullable |= arg.type.nullable

    for block in facts.order:
        for param in block.params:
            home[param] = block
        for value in block.body:
            if value.args:
                use(value.args, value, block)
            rule = _RULES.get(value.op)
            if rule is not None:
                why = rule(value)
                if why:
                    raise _fail(fn, block, value, why)
            home[value] = block
        assert block.end is not None
        use(block.end.args, block.end, block)
        for edge in block.edges:
            if edge.args:
                use(edge.args, block.end, block)
                _check_edge(fn, block, edge)
    for pointer, value in _Null(fn, facts).unproven() if nullable else ():
        where = next(block for block in fn.blocks if value in (*block.body, block.end))
        raise _fail(fn, where, value, f"{pointer} may be null here")


def _check_edge(fn: Fn, block: Block, edge: Edge) -> None:
    """Each argument is of its parameter's type, or of one that this has room for."""
    for arg, param in zip(edge.args, edge.block.params, strict=True):
        given, wanted = arg.type.space, param.type.space
        if given is wanted or block.end is None:
            continue
        if (wanted is Space.MEM and given in MEMORY) or (wanted is None and given in BARE):
            continue
        why = f"{arg} is {arg.type}, {param} is {param.type}"
        raise _fail(fn, block, block.end, why)


def unproven(fn: Fn) -> Iterator[tuple[Value, Value]]:
    """Each pointer that may be null where it is used as if it were not, and the value that does
    so: what a front end has to refuse. The function keeps all other rules.
    """
    yield from _Null(fn, dominance(fn)).unproven()


class _Null:
    """Which pointers branches have found not to be null, and where.

    `proofs` has for each pointer tested by a branch the edges on which it is not null.
    """

    def __init__(self, fn: Fn, facts: Dominance) -> None:
        self.facts = facts
        self.proofs: dict[Value, list[tuple[Block, Edge]]] = {}
        self.home: dict[Value, Block] | None = None
        for block in facts.order:
            if block.end is not None and block.end.op is Op.BR:
                pointer, taken = tested(block.end)
                edge = block.edges[0 if taken else 1]
                self.proofs.setdefault(pointer, []).append((block, edge))

    def unproven(self) -> Iterator[tuple[Value, Value]]:
        """Uses of pointers that may be null. What is null for certain stands where no way leads,
        or soon will."""
        for block in self.facts.order:
            for value in block.body:
                if any(arg.type.nullable for arg in value.args):
                    for arg in _needed(value):
                        if arg.type.nullable and not self.proven(arg, block):
                            yield arg, value
            for edge in block.edges:
                for arg, param in zip(edge.args, edge.block.params, strict=True):
                    if arg.type.nullable and not param.type.nullable and block.end is not None:
                        if param.type.space is not None and not self.proven(arg, block, edge):
                            yield arg, block.end

    def proven(self, pointer: Value, block: Block, via: Edge | None = None) -> bool:
        """Whether the pointer is not null in the block, or with `via` on that edge out of it."""
        if number(pointer) == 0 or self._directly(pointer, block, via):
            return True
        return self._on_every_way(pointer, block, via)

    def _directly(self, pointer: Value, block: Block, via: Edge | None) -> bool:
        """Whether one branch has found that, which every way there takes."""
        return any(
            proof is via
            or (self.facts.dominates(proof.block, block) and self.facts.edge_leads(at, proof.block))
            for at, proof in self.proofs.get(pointer, ())
        )

    def _on_every_way(self, pointer: Value, block: Block, via: Edge | None) -> bool:
        """Whether each way there takes a branch that has, as far as it is the same pointer; what a
        parameter is given counts for it."""
        if self.home is None:
            self.home = {value: b for b in self.facts.order for value in (*b.params, *b.body)}
            self.into: dict[Block, list[tuple[Block, Edge]]] = {b: [] for b in self.facts.order}
            for source in self.facts.order:
                for edge in source.edges:
                    self.into[edge.block].append((source, edge))
        pending, seen = [(pointer, block, via)], set[tuple[Value, Block, Edge | None]]()
        while pending:
            way = pointer, block, via = pending.pop()
            if way in seen or not pointer.type.nullable or self._directly(pointer, block, via):
                continue
            seen.add(way)
            if number(pointer) == 0 or (self.home[pointer] is block and pointer.op is not Op.PARAM):
                return False
            for source, edge in self.into[block]:
                given = pointer
                if self.home[pointer] is block:
                    given = edge.args[block.params.index(pointer)]
                pending.append((given, source, edge))
            if not self.into[block]:
                return False
        return True


def _needed(value: Value) -> list[Value]:
    """The operands that must be pointers and not null for the operation to be safe."""
    if _RULES.get(value.op) is _memory or (value.op is Op.ADD and value.type.space in _TRACKED):
        return value.args[:1]
    if value.op is Op.CALL and str(value.imm).startswith(LOCAL):
        return value.args
    wanted = zip(value.args, _arguments(value) or (), strict=False)
    return [arg for arg, kind in wanted if kind in _BUFFERS or kind in _KINDS]


def _arguments(value: Value) -> tuple[str, ...] | None:
    """The kinds of arguments that a call takes, "" for one that may be null; None where nothing
    is known of them."""
    match value.op, value.imm:
        case Op.CALL, str(name) if name in HELPERS:
            helper = HELPERS[name]
            if name in VARIADIC:
                return helper.args[: max(len(value.args), helper.args.index("int"))]
            if not helper.optional:
                return helper.args
            return tuple("" if n in helper.optional else a for n, a in enumerate(helper.args))
        case Op.KFUNC, Kfunc() as function:
            return function.args
        case _:
            return None


def _memory(value: Value) -> str:
    """Why an access is wrong, or nothing."""
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
    if value.op in ATOMICS and (mem.size not in (4, 8) or space in _NEVER_ATOMIC):
        return f"an atomic access to {mem.size} bytes of {value.args[0].type}"
    return ""


def _width(value: Value) -> str:
    return "" if isinstance(value.imm, int) and 0 < value.imm <= 64 else "no such width"


def _sum(value: Value) -> str:
    left, right = (arg.type.space for arg in value.args)
    if left not in _TRACKED and right not in _TRACKED and value.type.space not in _TRACKED:
        return ""
    if left is None or right is not None:
        return "a pointer stands left and a number right"
    # A bare address, to be probed, may be computed from any pointer.
    if value.type in (Type(left), Type(Space.KERNEL), Type()):
        return ""
    if value.type == Type(Space.MEM) and left in MEMORY:
        return ""
    return f"{value.args[0].type} plus a number is no {value.type}"


def _call(value: Value) -> str:
    wanted = _arguments(value)
    if wanted is None:
        return ""
    if len(value.args) != len(wanted):
        return f"{len(value.args)} arguments, wanted {' '.join(wanted) or 'none'}"
    for arg, kind in zip(value.args, wanted, strict=True):
        space = arg.type.space
        if kind in _BUFFERS and (space is None or space in _OPAQUE):
            return f"{arg} is {arg.type}, wanted memory"
        if kind in _KINDS and space is not _KINDS[kind]:
            if kind == "ctx" and space is Space.BTF:
                continue  # some take either, by the kind of program
            return f"{arg} is {arg.type}, wanted ptr.{_KINDS[kind].value}"
    return ""


_RULES: dict[Op, Callable[[Value], str]] = {
    **dict.fromkeys(ACCESSES, _memory),
    Op.ADD: _sum,
    Op.ZEXT: _width,
    Op.SEXT: _width,
    Op.BSWAP: lambda value: "" if value.imm in (16, 32, 64) else f"no swap of {value.imm} bits",
    Op.CALL: _call,
    Op.KFUNC: _call,
}
"""What an operation asks of its operands beyond their number; each returns why it is wrong."""
