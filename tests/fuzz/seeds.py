"""What fuzzing begins with: objects and types that are in order."""

from __future__ import annotations

import platform
import random
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from kring import (
    Array,
    Discard,
    Global,
    Hash,
    PerfBuf,
    RingBuf,
    Struct,
    build,
    char,
    current,
    raw_tracepoint,
    sizeof,
    syscall,
    task_struct,
    u32,
    u64,
    xdp,
)
from kring.abi.asm import parse
from kring.abi.code import encode
from kring.abi.uapi import MapType
from kring.btf.types import (
    Array as ArrayType,
)
from kring.btf.types import (
    Composite,
    DataSec,
    DeclTag,
    Enum,
    Float,
    Func,
    FuncProto,
    Fwd,
    Int,
    Kind,
    Member,
    Modifier,
    Ptr,
    Type,
    Var,
)
from kring.btf.write import Builder
from kring.errors import ObjectError
from kring.obj.object import KfuncRef, KsymRef, Map, MapRef, Object, Program, Setting
from kring.record import replace

C_SOURCES = Path(__file__).parents[1] / "objects"


class Exec(Struct):
    pid: u32
    parent: u32
    comm: str = char(16)


events = RingBuf[Exec](4096)
samples = PerfBuf[Exec]()
counts = Hash[u32, u64](max_entries=8)
slots = Array[u64](4)
limit = Global[u32](7)


def scaled(x: int) -> int:
    for _ in range(40):
        x = x * 3 + 1
    return x


@raw_tracepoint("sched_process_exec")
def on_exec() -> None:
    with events.reserve() as e:
        if current.pid < limit.value:
            raise Discard
        e.pid = current.pid
        e.parent = current.task.real_parent.tgid
        e.comm = current.comm
    counts[current.pid] += 1


@syscall
def measured() -> int:
    slots[0] = sizeof(task_struct)
    slots[1] = scaled(slots[2]) + scaled(slots[3])
    return "exit_code" in task_struct


@xdp
def passed() -> int:
    samples.output(Exec(pid=1))
    return 2


def objects() -> list[bytes]:
    """ELF files that kring writes."""
    from kring.obj.elf_write import to_elf

    ours = [to_elf(build(*programs)) for programs in ((on_exec, measured), (passed,), (measured,))]
    return [*ours, to_elf(rare())]


def rare() -> Object:
    """What kring's compiler does not make: externs of both kinds, maps and programs in maps."""
    b = Builder()
    number, byte = b.add(Int("int", 4, 32, signed=True)), b.add(Int("char", 1, 8))
    rows = [("CONFIG_A", number, 0), ("CONFIG_B", b.add(ArrayType(byte, number, 6)), 4)]
    section = DataSec(
        ".kconfig", 10, tuple((b.add(Var(n, t)), at, 4 + at // 2) for n, t, at in rows)
    )
    settings = tuple(Setting(name, at, type, at > 0) for name, type, at in rows)
    function = b.add(Func("bpf_call", b.add(FuncProto(number, (("x", number),)))))
    one = Map("one", MapType.ARRAY, 4, 4, 2, key_type=number, value_type=number)
    maps = (
        one,
        Map("outer", MapType.ARRAY_OF_MAPS, 4, 4, 2, inner=replace(one, name="outer.inner"),
            values=((1, "one"),)),
        Map("jumps", MapType.PROG_ARRAY, 4, 4, 2, values=((0, "f"),)),
        Map("kept", MapType.HASH, 4, 4, 2, map_extra=1 << 40, numa_node=1, pinned=True),
        Map(".kconfig", MapType.ARRAY, 4, 10, 1, 1152, value_type=b.add(section),
            data=bytes(10), settings=settings),
    )  # fmt: skip
    code = encode(parse("lddw r1, 0\n" * 4 + "call kfunc 0\nlddw r1, 0\nexit"))
    program = Program(
        "f", "xdp", code, (MapRef(0, "outer"), MapRef(2, "jumps"), MapRef(4, ".kconfig", 5)),
        kfuncs=(KfuncRef(8, "bpf_call", function, True),),
        ksyms=(KsymRef(6, "variable", number), KsymRef(9, "address", 0, True)), autoload=False,
    )  # fmt: skip
    return Object("rare", (program,), maps, b.bytes(), version=7)


def from_clang() -> list[bytes]:
    """ELF files that clang makes of the C programs among the tests; none without clang."""
    clang = shutil.which("clang")
    if clang is None:
        return []
    made: list[bytes] = []
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "x.o"
        for source in sorted(C_SOURCES.glob("*.c")):
            command = [clang, "-O2", "-g", "-target", "bpf", "-I", str(C_SOURCES), "-c"]
            command += ["-idirafter", f"/usr/include/{platform.machine()}-linux-gnu"]
            done = subprocess.run(
                [*command, str(source), "-o", str(path)], capture_output=True, check=False
            )
            if done.returncode == 0:
                made.append(path.read_bytes())
    return made


def graph(chance: random.Random) -> bytes:
    """Types that name each other without sense: any id, any size, any name of a few."""
    builder = Builder()
    count = chance.randrange(1, 24)
    ids = [builder.reserve() for _ in range(count)]
    for id in ids:
        while True:
            try:
                builder.set(id, _type(chance, count))
                break
            except ObjectError:
                pass  # what the format itself has no room for
    return builder.bytes()


NAMES = ("", "task_struct", "task_struct___v2", "pid", "a", "b___c", "int", "x___", "____", "s")
_NUMBERS = (0, 1, 2, 3, 4, 7, 8, 16, 31, 32, 33, 64, 255, 2**16, 2**24 - 1, 2**31, 2**32 - 1)


def _type(chance: random.Random, count: int) -> Type:
    def name() -> str:
        return chance.choice(NAMES)

    def id() -> int:
        return chance.randrange(count + 2) if chance.random() < 0.95 else chance.choice(_NUMBERS)

    def number() -> int:
        return chance.choice(_NUMBERS)

    def few() -> range:
        return range(chance.randrange(5))

    def members() -> Iterator[Member]:
        for at in sorted(number() for _ in few()):
            yield Member(name(), id(), at, chance.choice((0, 0, 0, 1, 9, 64, 255)))

    modifiers = (Kind.CONST, Kind.VOLATILE, Kind.RESTRICT)
    match chance.randrange(14):
        case 0 | 1 | 2:
            return Composite(name(), number(), tuple(members()), chance.random() < 0.3)
        case 3:
            return Int(name(), number(), number() & 255, number() & 255, chance.random() < 0.5)
        case 4:
            return Ptr(id())
        case 5:
            return ArrayType(id(), id(), number())
        case 6:
            wide = chance.random() < 0.5
            return Enum(name(), number(), tuple((name(), number()) for _ in few()), wide=wide)
        case 7:
            return Fwd(name(), chance.random() < 0.5)
        case 8:
            return Modifier(chance.choice(modifiers), id())
        case 9:
            kind = chance.choice((Kind.TYPEDEF, Kind.TYPE_TAG))
            return Modifier(kind, id(), chance.choice(NAMES[1:]))
        case 10:
            return Func(name(), id(), chance.randrange(4))
        case 11:
            return FuncProto(id(), tuple((name(), id()) for _ in few()))
        case 12:
            rows = ((id(), at * 8, 8) for at in few())
            return chance.choice(
                (Var(name(), id()), DataSec(name(), 64, tuple(rows)), Float(name(), number()))
            )
        case _:
            return DeclTag(name(), id(), chance.choice((-1, 0, 5)))
