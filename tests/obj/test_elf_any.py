"""Any object survives ELF: programs that share sections, subprograms, maps and variables."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from kring.abi.asm import parse
from kring.abi.code import encode
from kring.abi.uapi import MapType
from kring.btf.blob import Btf
from kring.btf.ext import CoreKind, CoreReloc, LineInfo
from kring.btf.types import Composite, DataSec, Func, FuncProto, Int, Member, Var
from kring.btf.write import Builder
from kring.obj.elf_read import from_elf
from kring.obj.elf_write import to_elf
from kring.obj.functions import RELOC_ADDRESS, RELOC_CALL, Piece, join
from kring.obj.object import KfuncRef, Map, MapRef, Object, Program
from kring.record import replace

SECTIONS = ("xdp", "syscall", "tracepoint/sched/sched_switch", "raw_tracepoint/sys_enter", "socket")
MAPS = (MapType.HASH, MapType.ARRAY, MapType.PERCPU_ARRAY, MapType.LRU_HASH)


class Types:
    """What the objects of this test have for types."""

    def __init__(self) -> None:
        self.builder = b = Builder()
        self.numbers = {size: b.add(Int(f"u{8 * size}", size, size * 8)) for size in (1, 2, 4, 8)}
        members = (Member("a", self.numbers[4], 0), Member("b", self.numbers[8], 64))
        self.struct = b.add(Composite("pair", 16, members))
        self.proto = b.add(FuncProto(self.numbers[4], (("x", self.numbers[8]),)))


@st.composite
def maps(draw: st.DrawFn, types: Types) -> list[Map]:
    made: list[Map] = []
    for number in range(draw(st.integers(0, 4))):
        typed, entries = draw(st.booleans()), draw(st.integers(1, 1 << 20))
        key, value = draw(st.sampled_from((4, 8))), draw(st.sampled_from((1, 8, 16)))
        value_type = types.struct if value == 16 else types.numbers[value]
        made.append(
            Map(
                f"m{number}", draw(st.sampled_from(MAPS)), key, value, entries,
                draw(st.sampled_from((0, 1, 0x80))),
                key_type=types.numbers[key] if typed else 0,
                value_type=value_type if typed else 0,
            )
        )  # fmt: skip
    if draw(st.booleans()):
        size = draw(st.sampled_from((4096, 1 << 20)))
        counted = draw(st.sampled_from((None, 0, 3)))
        made.append(
            Map("ring", MapType.RINGBUF, max_entries=size, record=types.struct, drops=counted)
        )
    for name, flags in (
        (".data", 0x400),
        (".rodata", 0x480),
        (".bss", 0x400),
        (".data.own", 0x400),
    ):
        if draw(st.booleans()):
            made.append(draw(variables(types, name, flags)))
    return made


@st.composite
def variables(draw: st.DrawFn, types: Types, name: str, flags: int) -> Map:
    rows: list[tuple[int, int, int]] = []
    end = 0
    for number, size in enumerate(draw(st.lists(st.sampled_from((1, 2, 4, 8)), min_size=1))):
        at = -(-end // size) * size
        linkage = draw(st.integers(0, 1))
        var = types.builder.add(Var(f"{name[1:]}_{number}", types.numbers[size], linkage))
        rows.append((var, at, size))
        end = at + size
    section = types.builder.add(DataSec(name, end, tuple(rows)))
    data = bytes(end) if name == ".bss" else draw(st.binary(min_size=end, max_size=end))
    return Map(name, MapType.ARRAY, 4, end, 1, flags, value_type=section, data=data)


@st.composite
def pieces(draw: st.DrawFn, types: Types, owner: str, held: list[Map]) -> list[Piece]:
    """A program's functions; each may call those behind it."""
    count = draw(st.integers(1, 4))
    return [draw(piece(types, owner, number, count, held)) for number in range(count)]


@st.composite
def piece(
    draw: st.DrawFn, types: Types, owner: str, number: int, count: int, held: list[Map]
) -> Piece:
    name = f"{owner}_f{number}" if number else owner
    function = types.builder.add(Func(name, types.proto, 0 if number else 1))
    text: list[str] = []
    calls: list[tuple[int, int, int]] = []
    refs: list[MapRef] = []
    core: list[CoreReloc] = []
    kfuncs: list[KfuncRef] = []
    slot = 0
    kinds = ["plain", "core", "kfunc", *["map"] * bool(held), *["call"] * (number + 1 < count)]
    for kind in draw(st.lists(st.sampled_from(kinds), max_size=8)):
        match kind:
            case "plain":
                text.append(f"mov r1, {draw(st.integers(-(1 << 31), (1 << 31) - 1))}")
            case "core":
                text.append("mov r1, 0")
                core.append(CoreReloc(slot, types.struct, "0:1", CoreKind.FIELD_BYTE_OFFSET))
            case "kfunc":
                text.append("call kfunc 0")
                id = types.builder.add(Func("bpf_kernel", types.proto, 1))
                kfuncs.append(KfuncRef(slot, "bpf_kernel", id))
            case "map":
                one = draw(st.sampled_from(held))
                inside = len(one.data) - 1 if one.data is not None else None
                offset = None if inside is None else draw(st.integers(0, inside))
                text.append(f"lddw r1, {'map_fd' if offset is None else 'map_value'}(0)")
                refs.append(MapRef(slot, one.name, offset))
            case _:
                to = draw(st.integers(number + 1, count - 1))
                address = draw(st.booleans())
                text.append("lddw r2, 0" if address else "call 0")
                calls.append((slot, to, RELOC_ADDRESS if address else RELOC_CALL))
        slot += 2 if text[-1].startswith("lddw") else 1
    code = bytearray(encode(parse("\n".join([*text, "exit"]))))
    for at, _, kind in calls:
        if kind == RELOC_CALL:
            code[at * 8 : at * 8 + 8] = bytes.fromhex("85100000ffffffff")
    line = LineInfo(0, f"{owner}.py", f"def {name}(x):", draw(st.integers(1, 9999)), 1)
    return Piece(
        number, name, function, bytes(code), tuple(calls), tuple(refs), tuple(core), (line,),
        tuple(kfuncs),
    )  # fmt: skip


@st.composite
def objects(draw: st.DrawFn) -> Object:
    types = Types()
    held = draw(maps(types))
    programs: list[Program] = []
    for number in range(draw(st.integers(1, 3))):
        parts = draw(pieces(types, f"p{number}", held))
        section = draw(st.sampled_from(SECTIONS))
        programs.append(join(f"p{number}", section, parts[0], parts.__getitem__))
    license = draw(st.sampled_from(("GPL", "Dual MIT/GPL", "")))
    return Object("o", tuple(programs), tuple(held), types.builder.bytes(), license)


@settings(max_examples=60, deadline=None)
@given(objects())
def test_any_object_survives_elf(obj: Object) -> None:
    data = to_elf(obj)
    read = from_elf(data, "o")
    # those of one section lie together
    assert sorted(read.programs, key=lambda p: p.name) == list(obj.programs)
    # variables come after the maps that are described
    assert sorted(read.maps, key=lambda m: m.name) == sorted(obj.maps, key=lambda m: m.name)
    assert read.license == obj.license
    mine, theirs = Btf(obj.btf), Btf(read.btf)
    assert [theirs[id] for id in range(len(mine))] == list(mine)
    again = from_elf(to_elf(read), "o")
    assert replace(again, btf=b"") == replace(read, btf=b"")
