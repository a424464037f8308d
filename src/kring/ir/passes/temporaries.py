"""Keys and values on the stack, filled early and only once.

needs: address, so that stores say where they write; loads, so that equal fields are one value.
keeps: blocks, what every call sees.

    v1: i64 = call "ktime_get_ns"              v1: i64 = call "ktime_get_ns"
    v2: i64 = call "get_current_pid_tgid"      store v4 [+0 u64] v1
    store v3 [+0 u32] v2                 →     v2: i64 = call "get_current_pid_tgid"
    store v4 [+0 u64] v1                       store v3 [+0 u32] v2

What is stored before the next call need not be kept across it. Memory that is filled once, with
the same as other memory before, and only lent to calls that read it, is that other memory.
"""

from __future__ import annotations

from kring.abi.helpers import HELPERS
from kring.ir.core import ACCESSES, Block, Fn, Imm, Mem, Op, Space, Value, number
from kring.ir.graph import Dominance, dominance, substitute, use_counts
from kring.record import field, record

_MOST_KEPT = 256
"""Bytes of the stack that memory with several readers may take: it is not free in between."""
_CALLS = frozenset((Op.CALL, Op.KFUNC))
_READ = frozenset(("key", "value", "in"))
_LENT = _READ | {"out"}


def temporaries(fn: Fn) -> bool:
    """Whether a store moved, or two pieces of memory became one."""
    joined = _join(fn)
    areas = _areas(fn)
    if not areas:
        return joined
    merged = _merge(fn, areas) or joined
    early = [_store_early(fn, block) for block in fn.blocks]
    return any(early) or merged


# -- memory that one of several ways fills


def _join(fn: Fn) -> bool:
    """A parameter that is given other memory on each way, used nowhere but there, is one memory.

    Each is filled from end to end in the block that leads to the parameter, which goes nowhere
    else and does not look at the parameter's last memory; of the parameter's own uses none keeps
    the address. So no two of them are needed at once.
    """
    candidates = [
        (block, param)
        for block in fn.blocks[1:]
        for param in block.params
        if param.type.space is Space.STACK
    ]
    if not candidates:
        return False
    users = _users(fn)
    new: dict[Value, Value] = {}
    for block, param in candidates:
        at = block.params.index(param)
        ways = [(pred, edge) for pred in fn.blocks for edge in pred.edges if edge.block is block]
        given = {edge.args[at]: pred for pred, edge in ways}
        first = ways[0][1].args[at]
        using = users.get(param, [])
        if len(given) < len(ways) or None in using or any(pred in using for pred, _ in ways):
            continue
        if any(edge.args.count(edge.args[at]) > 1 for _, edge in ways):
            continue
        if not all(_fills(pred, arg, first.imm, users[arg]) for arg, pred in given.items()):
            continue
        whole = fn.value(Op.STACK, imm=first.imm, type=first.type, span=first.span)
        fn.entry.body.insert(0, whole)
        new.update(dict.fromkeys((param, *given), whole))
        del block.params[at]
        for _, edge in ways:
            del edge.args[at]
    for block in fn.blocks if new else ():
        block.body = [value for value in block.body if value not in new]
    substitute(fn, new)
    return bool(new)


def _fills(block: Block, pointer: Value, size: Imm, users: list[Block | None]) -> bool:
    """Whether it is `size` bytes on the stack, filled in the block and used nowhere else."""
    if pointer.op is not Op.STACK or pointer.imm != size or len(block.edges) != 1:
        return False
    filled = 0
    for value in block.body:
        if pointer not in value.args:
            continue
        mem = value.imm
        if value.op not in (Op.STORE, Op.ZERO) or not isinstance(mem, Mem) or mem.core:
            return False
        if value.args.count(pointer) > 1 or value.args[0] is not pointer or mem.offset < 0:
            return False
        filled |= (1 << mem.size) - 1 << mem.offset
    return isinstance(size, int) and filled == (1 << size) - 1 and users == [block]


def _users(fn: Fn) -> dict[Value, list[Block | None]]:
    """The blocks that use each address of the stack; None for a place that keeps it."""
    found: dict[Value, dict[Block | None, None]] = {}
    for block in fn.blocks:
        for value in block.body:
            for at, arg in enumerate(value.args):
                if arg.type.space is Space.STACK:
                    found.setdefault(arg, {})[None if _keeps(value, at) else block] = None
        for edge in block.edges:
            for param, arg in zip(edge.block.params, edge.args, strict=True):
                if arg.type.space is Space.STACK:
                    # What the parameter is used for counts for itself; to be passed on keeps.
                    keeps = arg.op is not Op.STACK
                    found.setdefault(arg, {})[None if keeps else block] = None
                    found.setdefault(param, {})
    return {value: list(blocks) for value, blocks in found.items()}


def _keeps(user: Value, at: int) -> bool:
    """Whether an operand's address may be had from the user later on."""
    if user.op is Op.CALL:
        helper = HELPERS.get(str(user.imm))
        return helper is None or at >= len(helper.args) or helper.args[at] not in _LENT
    return user.op not in ACCESSES or at > 0


# -- memory filled once


@record(frozen=False)
class _Area:
    """Memory on the stack that is filled by `stores`, then read by `readers`, and nothing else."""

    size: int
    stores: list[tuple[Block, int, Value]] = field(default_factory=list[tuple[Block, int, Value]])
    readers: list[tuple[Block, int]] = field(default_factory=list[tuple[Block, int]])


def _areas(fn: Fn) -> dict[Value, _Area]:
    found: dict[Value, _Area] = {}
    for value in fn.values():
        if value.op is Op.STACK and isinstance(value.imm, int):
            found[value] = _Area(value.imm)
    for block in fn.blocks if found else ():
        for at, value in enumerate(block.body):
            for arg in value.args:
                if arg in found and not _notes(found[arg], block, at, value, arg):
                    del found[arg]
        ends = block.end.args if block.end is not None else []
        for arg in (*ends, *(arg for edge in block.edges for arg in edge.args)):
            found.pop(arg, None)
    return found


def _notes(area: _Area, block: Block, at: int, user: Value, pointer: Value) -> bool:
    """Whether the area may be used so."""
    if user.op in (Op.STORE, Op.ZERO) and user.args.count(pointer) == 1:
        if user.args[0] is not pointer:
            return False
        area.stores.append((block, at, user))
        return True
    helper = HELPERS.get(str(user.imm)) if user.op is Op.CALL else None
    if helper is None:
        return False
    area.readers.append((block, at))
    kinds = zip(user.args, helper.args, strict=False)
    return all(kind in _READ for arg, kind in kinds if arg is pointer)


def _merge(fn: Fn, areas: dict[Value, _Area]) -> bool:
    """Areas with the same content, the later instead of the earlier."""
    groups: dict[object, list[Value]] = {}
    for value, area in areas.items():
        content = _content(area)
        if content is not None and area.stores:
            groups.setdefault(content, []).append(value)
    if all(len(group) < 2 for group in groups.values()):
        return False
    tree = dominance(fn)
    new: dict[Value, Value] = {}
    gone: set[Value] = set()
    room = _MOST_KEPT - sum(area.size for area in areas.values() if len(area.readers) > 1)
    for group in groups.values():
        if room <= 0:
            break
        room -= areas[group[0]].size if len(group) > 1 else 0
        kept: list[Value] = []
        for value in sorted(group, key=lambda value: _position(tree, areas[value])):
            area = areas[value]
            earlier = next((one for one in kept if _serves(tree, areas[one], area)), None)
            if earlier is None or not _filled_first(tree, area):
                kept.append(value)
                continue
            new[value] = earlier
            gone.update(store for _, _, store in area.stores)
    for block in fn.blocks if new else ():
        block.body = [value for value in block.body if value not in gone]
    substitute(fn, new)
    return bool(new)


def _content(area: _Area) -> object:
    """What the area holds, so that equal contents look equal; None if it is filled twice."""
    held: dict[object, object] = {}
    for _, _, store in area.stores:
        mem = store.imm
        if not isinstance(mem, Mem) or mem.core or (mem.offset, mem.size) in held:
            return None
        stored = store.args[1] if store.op is Op.STORE else None
        known = 0 if stored is None else number(stored)
        held[mem.offset, mem.size] = stored if known is None else known
    return area.size, frozenset(held.items())


def _position(tree: Dominance, area: _Area) -> tuple[int, int]:
    block, at, _ = area.stores[0]
    return tree.first[block], at


def _serves(tree: Dominance, earlier: _Area, area: _Area) -> bool:
    """Whether all of the earlier area is filled before any of the other is."""
    return all(
        _before(tree, one[:2], other[:2]) for one in earlier.stores for other in area.stores
    ) and _filled_first(tree, earlier)


def _filled_first(tree: Dominance, area: _Area) -> bool:
    return all(_before(tree, one[:2], reader) for one in area.stores for reader in area.readers)


def _before(tree: Dominance, one: tuple[Block, int], other: tuple[Block, int]) -> bool:
    if one[0] is other[0]:
        return one[1] < other[1]
    return tree.dominates(one[0], other[0])


# -- stores before calls


def _store_early(fn: Fn, block: Block) -> bool:
    """Whether a store moved up, past a call, to where its value is computed."""
    places = {value: at for at, value in enumerate(block.body)}
    uses: dict[Value, int] = {}
    moves: dict[Value, list[Value]] = {}
    for value in block.body:
        if value.op is Op.STORE and value.args[0].op is Op.STACK:
            made = places.get(value.args[1])
            if made is None or not _worth_moving(block, made, places[value]):
                continue
            uses = uses or use_counts(fn)
            if uses[value.args[1]] == 1 and _free(block, made, places[value]):
                moves.setdefault(value.args[1], []).append(value)
    if not moves:
        return False
    moved = {store for stores in moves.values() for store in stores}
    stacks = {store.args[0] for store in moved if store.args[0] in places}
    body = [value for value in block.body if value in stacks]
    for value in block.body:
        if value not in moved and value not in stacks:
            body.append(value)
            body += moves.get(value, ())
    block.body = body
    return True


def _worth_moving(block: Block, made: int, at: int) -> bool:
    return any(value.op in _CALLS for value in block.body[made + 1 : at])


def _free(block: Block, made: int, at: int) -> bool:
    """Whether nothing between looks at the bytes of a store or writes them."""
    store = block.body[at]
    mem = store.imm
    assert isinstance(mem, Mem)
    for value in block.body[made + 1 : at]:
        if store.args[0] in value.args:
            other = value.imm
            if value.op not in (Op.STORE, Op.ZERO) or not isinstance(other, Mem) or other.core:
                return False
            if value.args[0] is not store.args[0]:
                return False
            if other.offset < mem.offset + mem.size and mem.offset < other.offset + other.size:
                return False
    return True
