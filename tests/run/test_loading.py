"""All that an object may hold, brought to life: in the kernel and in the VM alike."""

from __future__ import annotations

import os
import struct
import sys
import uuid
import warnings
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from kring import Kernel, KringWarning, LoadError, NotPermitted, VerifierError, Vm, load
from kring.abi.uapi import BPF_F_MMAPABLE, BPF_F_NO_PREALLOC, MapType
from kring.btf.types import Composite, DataSec, Func, FuncProto, Int, Kind, Member, Modifier, Var
from kring.btf.write import Builder
from kring.errors import VmError
from kring.obj.elf_read import from_elf
from kring.obj.elf_write import to_elf
from kring.obj.object import Function, Map, Object, Setting
from kring.record import replace
from kring.run.loading import bring_up
from kring.run.target import LiveMap, LiveProgram

sys.path.insert(0, str(Path(__file__).parent.parent / "obj"))
from raw_elf import program

pytestmark = pytest.mark.kernel
BPF_F_NUMA_NODE = 4
ARRAY = Map("one", MapType.ARRAY, 4, 8, 4)
ENGINES = pytest.mark.parametrize("on", [Kernel(), Vm()], ids=["kernel", "vm"])


class Live(NamedTuple):
    """An object's live maps and programs, without the handles of a session."""

    maps: dict[str, LiveMap]
    programs: dict[str, LiveProgram]


@contextmanager
def up(obj: Object, on: Any = None, written: bool = True) -> Generator[Live]:
    """The object loaded, by way of an ELF file unless it is not to be `written`."""
    obj = from_elf(to_elf(obj), obj.name) if written else obj
    runtime = (on or Kernel()).open(obj)
    try:
        yield Live(*bring_up(obj, runtime, lambda error, _: error))
    finally:
        runtime.close()


@pytest.fixture(autouse=True)
def _privileged() -> None:
    try:
        with up(Object("probe", (program("p", "raw_tp/sys_enter", "mov r0, 0\nexit"),))):
            pass
    except NotPermitted as error:
        pytest.skip(str(error))


LOOKUP = """
stw [r10-4], {key}
lddw r1, ={map}
mov r2, r10
add r2, -4
call 1
jeq r0, 0, +9
stw [r10-4], 1
mov r1, r0
mov r2, r10
add r2, -4
call 1
jeq r0, 0, +3
mov r1, 77
stxdw [r0], r1
mov r0, 5
exit
"""


def through(map: str, key: int = 2) -> str:
    """Code that stores 77 at index 1 of the map that `map` holds, and returns 5; 0 if none."""
    return LOOKUP.format(map=map, key=key)


@ENGINES
@pytest.mark.parametrize("kind", [MapType.ARRAY_OF_MAPS, MapType.HASH_OF_MAPS])
def test_a_map_holds_maps_from_the_beginning(on: Any, kind: MapType) -> None:
    outer = Map("outer", kind, 4, 4, 4, inner=replace(ARRAY, name="outer.inner"),
                values=((2, "one"),))  # fmt: skip
    programs = (
        program("there", "raw_tp/sys_enter", through("outer")),
        program("empty", "raw_tp/sys_enter", through("outer", 1)),
    )
    with up(Object("o", programs, (ARRAY, outer)), on) as s:
        assert s.programs["there"].run().value == 5
        assert s.programs["empty"].run().value == 0
        assert s.maps["one"].lookup(struct.pack("<I", 1)) == struct.pack("<Q", 77)


@ENGINES
def test_a_map_is_given_another_map(on: Any) -> None:
    other = Map("other", MapType.HASH, 8, 8, 4)
    outer = Map("outer", MapType.ARRAY_OF_MAPS, 4, 4, 4, inner=replace(ARRAY, name="outer.inner"))
    f = program("f", "raw_tp/sys_enter", through("outer"))
    with load(Object("o", (f,), (ARRAY, other, outer)), on=on, attach=False) as s:
        assert s.programs["f"].run().value == 0
        s.maps["outer"][2] = s.maps["one"]
        assert s.programs["f"].run().value == 5
        assert list(s.maps["outer"]) == [2]
        with pytest.raises(KeyError):
            s.maps["outer"][4] = s.maps["one"]
        with pytest.raises(LoadError) as said:
            s.maps["outer"][1] = s.maps["other"]
        assert "maps of type ARRAY, with a key of 4 bytes" in said.value.__notes__[0]
        del s.maps["outer"][2]
        assert s.programs["f"].run().value == 0


@ENGINES
def test_a_map_holds_programs_from_the_beginning(on: Any) -> None:
    jump = "mov r6, r1\nlddw r2, =jumps\nmov r3, {}\ncall 12\nmov r0, 1\nexit"
    programs = (
        program("jump", "raw_tp/sys_enter", jump.format(1)),
        program("miss", "raw_tp/sys_enter", jump.format(0)),
        program("target", "raw_tp/sys_enter", "mov r0, 9\nexit"),
    )
    jumps = Map("jumps", MapType.PROG_ARRAY, 4, 4, 3, values=((1, "target"),))
    obj = Object("o", programs, (jumps,))
    with up(obj, on) as s:
        assert (s.programs["jump"].run().value, s.programs["miss"].run().value) == (9, 1)
        assert list(s.maps["jumps"].keys()) == [struct.pack("<I", 1)]
    with up(obj.replace(autoload={"target": False}), on) as s:
        assert "target" not in s.programs
        assert s.programs["jump"].run().value == 1


@ENGINES
def test_a_place_that_a_map_does_not_have(on: Any) -> None:
    outer = Map("outer", MapType.ARRAY_OF_MAPS, 4, 4, 1, inner=replace(ARRAY, name="outer.inner"),
                values=((2, "one"),))  # fmt: skip
    said = r"map 'outer' has no place 2 for map 'one': it has 1 entries"
    with pytest.raises(LoadError, match=said), up(Object("o", (), (ARRAY, outer)), on):
        pass


CONFIG = {"LINUX_KERNEL_VERSION": 0x60C01, "CONFIG_BPF": "y", "CONFIG_HZ": 250}


def asking(name: str, size: int, weak: bool = False) -> Object:
    """An object whose program returns a setting of so many bytes."""
    b = Builder()
    type = b.add(Int("number", size, 8 * size) if size > 1 else Int("_Bool", 1, 8, bool=True))
    rows = ((b.add(Var(name, type)), 0, size),)
    section = b.add(DataSec(".kconfig", size, rows))
    map = Map(".kconfig", MapType.ARRAY, 4, size, 1, 0x480, value_type=section, data=bytes(size),
              settings=(Setting(name, 0, type, weak),))  # fmt: skip
    load = {1: "ldxb", 4: "ldxw", 8: "ldxdw"}[size]
    text = f"lddw r1, =.kconfig+0\n{load} r0, [r1]\nexit"
    return Object("o", (program("f", "raw_tp/sys_enter", text),), (map,), b.bytes())


def release() -> int:
    major, minor, patch = os.uname().release.split("-")[0].split(".")
    return int(major) << 16 | int(minor) << 8 | min(int(patch), 255)


@pytest.mark.parametrize(
    ("name", "size", "in_kernel", "in_vm"),
    [
        ("LINUX_KERNEL_VERSION", 4, release(), 0x60C01),
        ("CONFIG_BPF", 1, 1, 1),
        ("LINUX_HAS_BPF_COOKIE", 1, 1, None),
        ("LINUX_HAS_SYSCALL_WRAPPER", 1, 1, None),
    ],
)
def test_a_setting_has_the_running_kernels_value(
    name: str, size: int, in_kernel: int, in_vm: int | None
) -> None:
    with up(asking(name, size)) as s:
        assert s.programs["f"].run().value == in_kernel
        assert bytes(s.maps[".kconfig"].value()) == in_kernel.to_bytes(size, "little")
    if in_vm is not None:
        with up(asking(name, size), Vm(config=CONFIG)) as s:
            assert s.programs["f"].run().value == in_vm


def test_a_number_of_the_kernels_configuration() -> None:
    with up(asking("CONFIG_HZ", 8)) as s:
        assert s.programs["f"].run().value in (100, 250, 300, 1000)
    with up(asking("CONFIG_HZ", 8), Vm(config=CONFIG)) as s:
        assert s.programs["f"].run().value == 250


@pytest.mark.parametrize(
    ("on", "said"),
    [
        (Kernel(), r"nothing is known of CONFIG_NOPE: neither /proc/config\.gz nor /boot/config-"),
        (Vm(), r"nothing is known of CONFIG_NOPE: the VM knows what it is told, Vm\(config="),
    ],
    ids=["kernel", "vm"],
)
def test_a_setting_of_which_nothing_is_known(on: Any, said: str) -> None:
    with pytest.raises(LoadError, match=said), up(asking("CONFIG_NOPE", 8), on):
        pass
    with up(asking("CONFIG_NOPE", 8, weak=True), on) as s:
        assert s.programs["f"].run().value == 0


@ENGINES
def test_a_setting_may_be_given_in_place_of_the_kernels(on: Any) -> None:
    obj = asking("CONFIG_NOPE", 8).replace(rodata={"CONFIG_NOPE": 77})
    with up(obj, on, written=False) as s:
        assert s.programs["f"].run().value == 77


def typed() -> tuple[bytes, dict[str, int]]:
    """Types, and the ids of a variable's and of two functions'."""
    b = Builder()
    number = b.add(Int("int", 4, 32, signed=True))
    ids = {
        "runqueues": b.add(Composite("rq", 8, (Member("nr", number, 0), Member("cpu", number, 32))))
    }
    for name in ("bpf_no_such_function", "bpf_rcu_read_lock", "bpf_rcu_read_unlock"):
        ids[name] = b.add(Func(name, b.add(FuncProto(0))))
    b.add(Modifier(Kind.CONST, 0))
    return b.bytes(), ids


def asked(text: str) -> Object:
    types, ids = typed()
    return Object("o", (program("f", "raw_tp/sys_enter", text, ids),), (), types)


def test_the_address_of_a_symbol() -> None:
    text = "lddw r0, =&_stext\nrsh r0, 8\nexit"
    with open("/proc/kallsyms") as file:
        known = next(int(line.split()[0], 16) for line in file if line.endswith(" _stext\n"))
    with up(asked(text)) as s:
        assert s.programs["f"].run().value == known >> 8 & 0xFFFF_FFFF
    with up(asked(text), Vm(ksyms={"_stext": 0x123400})) as s:
        assert s.programs["f"].run().value == 0x1234


@pytest.mark.parametrize(
    ("on", "said"),
    [
        (Kernel(), "this kernel has no symbol 'no_such_symbol'"),
        (Vm(), r"the VM's kernel has no symbol 'no_such_symbol'; give it an address: Vm\(ksyms="),
    ],
    ids=["kernel", "vm"],
)
def test_a_symbol_that_the_kernel_does_not_have(on: Any, said: str) -> None:
    strong, weak = ("lddw r0, =&no_such_symbol\nexit", "lddw r0, =&no_such_symbol?\nexit")
    with pytest.raises(LoadError, match=said), up(asked(strong), on):
        pass
    with up(asked(weak), on) as s:
        assert s.programs["f"].run().value == 0


def test_a_variable_of_the_kernels() -> None:
    read = "lddw r1, =&runqueues\nmov r2, 1\ncall 153\njeq r0, 0, +1\nldxw r0, [r0+4]\nexit"
    with up(asked(read), Vm(ksyms={"runqueues": {"cpu": 7}})) as s:
        assert s.programs["f"].run().value == 7
    with up(asked(read), Vm()) as s:
        assert s.programs["f"].run().value == 0
    # a kernel without CONFIG_KALLSYMS_ALL has no addresses of variables, for libbpf either
    with open("/proc/kallsyms") as file:
        addressed = any(line.endswith(" runqueues\n") for line in file)
    if addressed:
        with up(asked(read)) as s:
            assert s.programs["f"].run().value in range(1 << 32)
        return
    with (
        pytest.raises(VerifierError, match="kernel symbol 'runqueues'") as said,
        up(asked(read)),
    ):
        pass
    assert "CONFIG_KALLSYMS_ALL" in said.value.__notes__[0]


GUARDED = """
lddw r1, =&{name}?
jeq r1, 0, +{skip}
{calls}
mov r0, 1
exit
mov r0, 2
exit
"""


@ENGINES
def test_a_weak_function_that_the_kernel_does_not_have_is_not_called(on: Any) -> None:
    missing = GUARDED.format(
        name="bpf_no_such_function", skip=3, calls="call =bpf_no_such_function?"
    )
    with up(asked(missing), on) as s:
        assert s.programs["f"].run().value == 2


def test_a_weak_function_that_the_kernel_has_is_called() -> None:
    calls = "call =bpf_rcu_read_lock?\ncall =bpf_rcu_read_unlock?"
    with up(asked(GUARDED.format(name="bpf_rcu_read_lock", skip=4, calls=calls))) as s:
        assert s.programs["f"].run().value == 1


def test_a_weak_function_that_is_called_all_the_same() -> None:
    obj = asked("call =bpf_no_such_function?\nmov r0, 0\nexit")
    said = (
        'program "f" at slot 0: this kernel has no function .bpf_no_such_function.*is called here'
    )
    with pytest.raises(LoadError, match=said), up(obj):
        pass
    with up(obj, Vm()) as s, pytest.raises(VmError, match="what is used here is not there"):
        s.programs["f"].run()


USES = """
lddw r1, =.rodata+0
ldxdw r1, [r1]
jeq r1, 0, +8
stw [r10-4], 0
mov r2, r10
add r2, -4
lddw r1, =one
call 1
mov r0, 1
exit
mov r0, 2
exit
"""


def choosing() -> Object:
    """A program that uses a map only if a constant is set."""
    b = Builder()
    var = b.add(Var("wanted", b.add(Int("u64", 8, 64))))
    section = b.add(DataSec(".rodata", 8, ((var, 0, 8),)))
    rodata = Map(".rodata", MapType.ARRAY, 4, 8, 1, 0x480, value_type=section, data=bytes(8))
    programs = (program("f", "raw_tp/sys_enter", USES), program("g", "raw_tp/sys_enter", USES))
    return Object("o", programs, (ARRAY, rodata), b.bytes())


@ENGINES
def test_a_map_is_left_out_where_no_way_leads_to_it(on: Any) -> None:
    obj = choosing().replace(autocreate={"one": False})
    with up(obj, on, written=False) as s:
        assert s.programs["f"].run().value == 2
        assert "one" not in s.maps
    with up(choosing().replace(rodata={"wanted": 1}), on) as s:
        assert s.programs["f"].run().value == 1


def test_a_map_that_is_left_out_and_used_is_named() -> None:
    obj = choosing().replace(autocreate={"one": False}, rodata={"wanted": 1})
    said = "program \"f\" at slot 7: map 'one' is not created, but is used here"
    with pytest.raises(LoadError, match=said), up(obj, written=False):
        pass
    unused = obj.replace(autoload={"f": False, "g": False})
    with up(unused, written=False) as s:
        assert not s.programs


@ENGINES
def test_optional_programs_are_loaded_when_asked_for(on: Any) -> None:
    made = program("f", "raw_tp/sys_enter", "mov r0, 3\nexit", autoload=False)
    data = to_elf(Object("o", (made,)))
    assert b"?raw_tp/sys_enter\0" in data
    obj = from_elf(data, "o")
    assert obj.programs == (replace(made, functions=obj.programs[0].functions),)
    with load(obj, on=on, attach=False) as s:
        assert not s.programs
    with load(obj.replace(autoload={"f": True}), on=on, attach=False) as s:
        assert s.programs["f"].run().value == 3


@ENGINES
def test_a_section_that_means_no_kind_is_read_and_not_loaded(on: Any) -> None:
    obj = from_elf(to_elf(Object("o", (program("f", "tracepiont/x/y", "mov r0, 0\nexit"),))), "o")
    said = r"section 'tracepiont/x/y'.*Did you mean 'tracepoint"
    with pytest.raises(LoadError, match=said), load(obj, on=on):
        pass
    with load(obj.replace(attach={"f": "raw_tp/sys_enter"}), on=on, attach=False) as s:
        assert s.programs["f"].run().value == 0


@ENGINES
def test_a_ring_of_an_odd_size_is_rounded_up_and_that_is_said(on: Any) -> None:
    obj = Object("o", (), (Map("events", MapType.RINGBUF, max_entries=5000),))
    said = pytest.warns(KringWarning, match='"events" has 8192 bytes, not 5000')
    with said as told, load(obj, on=on) as s:
        assert s.maps["events"].poll(0) == []
    assert [one.filename for one in told] == [__file__]
    with pytest.warns(KringWarning), up(obj, on) as live:
        assert live.maps["events"].ring().size == 8192
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with load(obj.replace(sizes={"events": 4096}), on=on):
            pass


@ENGINES
def test_global_variables_are_memory_of_both_sides(on: Any) -> None:
    text = """
    lddw r1, =.data+0
    ldxw r0, [r1]
    lddw r2, =.rodata.x+4
    ldxw r2, [r2]
    add r0, r2
    lddw r3, =.bss.y+8
    stxw [r3], r0
    exit
    """
    maps = (
        Map(".data", MapType.ARRAY, 4, 4, 1, 1024, data=b"\5\0\0\0"),
        Map(".rodata.x", MapType.ARRAY, 4, 8, 1, 1152, data=bytes(4) + b"\3\0\0\0"),
        Map(".bss.y", MapType.ARRAY, 4, 16, 1, 1024, data=bytes(16)),
    )
    with up(Object("o", (program("f", "raw_tp/sys_enter", text),), maps), on) as s:
        assert s.programs["f"].run().value == 8
        data, bss = s.maps[".data"].value(), s.maps[".bss.y"].value()
        assert bss[8] == 8
        data[0] = 40
        assert s.programs["f"].run().value == 43
        assert bss[8] == 43
        constants = s.maps[".rodata.x"].value()
        assert bytes(constants) == bytes(4) + b"\3\0\0\0"
        with pytest.raises(TypeError):
            constants[0] = 1
        for view in (data, bss, constants):
            view.release()


def test_variables_of_one_map_share_one_mapping() -> None:
    obj = Object(
        "o", (), (Map(".bss", MapType.ARRAY, 4, 16, 1, data=bytes(16), flags=BPF_F_MMAPABLE),)
    )
    with up(obj, written=False) as s:
        before = len(os.listdir("/proc/self/fd"))
        views = [s.maps[".bss"].value() for _ in range(5)]
        assert len(os.listdir("/proc/self/fd")) == before + 1
        views[0][3] = 7
        assert views[4][3] == 7


@pytest.fixture
def pinned() -> Iterator[tuple[str, Path]]:
    """A name that nothing has, and where a map of it is pinned."""
    name = f"kring.{uuid.uuid4().hex[:12]}"
    path = Path("/sys/fs/bpf") / name.replace(".", "_")
    yield name, path
    path.unlink(missing_ok=True)


def test_a_pinned_map_is_one_for_all_who_name_it(pinned: tuple[str, Path]) -> None:
    name, path = pinned
    obj = Object("o", (), (Map(name, MapType.ARRAY, 4, 8, 1, pinned=True),))
    with up(obj) as s:
        assert s.maps[name].update(bytes(4), b"12345678")
        assert path.exists()
    with up(obj) as s:
        assert s.maps[name].lookup(bytes(4)) == b"12345678"


def test_a_pinned_map_to_which_the_kernel_adds_flags(pinned: tuple[str, Path]) -> None:
    name, path = pinned
    obj = Object("o", (), (Map(name, MapType.DEVMAP, 4, 4, 1, pinned=True),))
    for _ in range(2):
        with up(obj):
            assert path.exists()


def test_a_map_pinned_by_another_name_is_not_touched(pinned: tuple[str, Path]) -> None:
    name, path = pinned
    first = Object("o", (), (Map(name, MapType.ARRAY, 4, 8, 1, pinned=True),))
    with up(first):
        pass
    other = Object("o", (), (Map(name, MapType.HASH, 4, 16, 1, pinned=True),))
    said = rf"pinned at {path} differs: type is ARRAY there, HASH here; value_size is 8 th"
    with pytest.raises(LoadError, match=said), up(other):
        pass


def test_a_program_that_is_pinned_by_a_maps_name(pinned: tuple[str, Path]) -> None:
    name, path = pinned
    other = Object("o", (program("f", "raw_tp/sys_enter", "mov r0, 0\nexit"),))
    with load(other, attach=False) as s:
        s.programs["f"].pin(path)
    obj = Object("o", (), (Map(name, MapType.ARRAY, 4, 8, 1, pinned=True),))
    with pytest.raises(LoadError, match="differs: it is a program, not a map"), up(obj):
        pass


def test_the_vm_has_nothing_to_pin_to() -> None:
    obj = Object("o", (), (Map("kept", MapType.ARRAY, 4, 8, 1, pinned=True),))
    with up(obj, Vm()) as s:
        assert s.maps["kept"].lookup(bytes(4)) == bytes(8)
    assert not Path("/sys/fs/bpf/kept").exists()


@pytest.mark.parametrize(
    ("map", "said"),
    [
        (Map("m", MapType.LPM_TRIE, 8, 8, 1), "BPF_F_NO_PREALLOC"),
        (Map("m", MapType.TASK_STORAGE, 4, 8, 0, 1), "types"),
        (Map("m", MapType.HASH, 4, 8, 0), "0 entries.*a key, a value and at least one entry"),
    ],
    ids=lambda value: value.type.name if isinstance(value, Map) else "",
)
def test_a_map_that_the_kernel_does_not_create(map: Map, said: str) -> None:
    with pytest.raises(LoadError, match=said), up(Object("o", (), (map,))):
        pass


def unreadable() -> tuple[bytes, int]:
    """Types that the kernel does not take, for the name of one, and the id of a function there."""
    b = Builder()
    function = b.add(Func("two words", b.add(FuncProto(b.add(Int("int", 4, 32)))), 0))
    return b.bytes(), function


def test_a_program_does_without_types_that_the_kernel_refuses() -> None:
    types, function = unreadable()
    f = program("f", "raw_tp/sys_enter", "mov r0, 4\nexit", functions=(Function(0, "f", function),))
    told = pytest.warns(KringWarning, match=r"refused the object's types \(BTF\): .*Invalid name")
    with told, up(Object("o", (f,), (), types), written=False) as s:
        assert s.programs["f"].run().value == 4


def test_a_program_that_needs_types_that_the_kernel_refuses() -> None:
    """An address of a function is taken only where the function's type is known."""
    types, function = unreadable()
    text = "lddw r2, func(6)\nmov r1, 1\nmov r3, 0\nmov r4, 0\ncall 181\nexit\nmov r0, 0\nexit"
    known = Function(0, "f", function), Function(7, "body", function)
    f = program("f", "raw_tp/sys_enter", text, functions=known)
    obj = Object("o", (f,), (), types)
    told = pytest.warns(KringWarning, match="Invalid name")
    with told, pytest.raises(VerifierError, match="func_info") as said, up(obj, written=False):
        pass
    assert "the kernel refused the object's types (BTF)" in said.value.__notes__[0]


def test_the_kernel_is_told_of_nodes_and_of_what_is_extra() -> None:
    numa = Map("numa", MapType.HASH, 4, 8, 4, BPF_F_NO_PREALLOC | BPF_F_NUMA_NODE)
    bloom = Map("bloom", MapType.BLOOM_FILTER, 0, 8, 4, map_extra=3)
    with up(Object("o", (), (numa, bloom))) as s:
        assert s.maps["bloom"].info().map_extra == 3
    for wrong in (replace(numa, numa_node=1 << 20), replace(bloom, map_extra=1 << 20)):
        with pytest.raises(LoadError, match="EINVAL"), up(Object("o", (), (wrong,))):
            pass
