"""What a user decides about an object before it is loaded."""

from __future__ import annotations

from typing import Any

import pytest

from kring import Struct, u16, u32
from kring.abi.asm import parse
from kring.abi.code import encode
from kring.abi.uapi import MapType
from kring.btf.types import Array, Composite, DataSec, Enum, Int, Member, Ptr, Var
from kring.btf.write import Builder
from kring.errors import ObjectError
from kring.obj.object import Map, Object, Program

EXIT = encode(parse("mov %r0, 0\nexit"))


class Pair(Struct):
    a: u32
    b: u16


def sample() -> Object:
    """Globals of many types in .rodata and .data, and one name in both."""
    b = Builder()
    u8, i16, u32 = (
        b.add(Int("u8", 1, 8)),
        b.add(Int("short", 2, 16, signed=True)),
        b.add(Int("u32", 4, 32)),
    )
    char, boolean = b.add(Int("char", 1, 8, signed=True)), b.add(Int("_Bool", 1, 8, bool=True))
    colour = b.add(Enum("colour", 4, (("RED", 1), ("BLUE", 4))))
    u16, i32 = b.add(Int("u16", 2, 16)), b.add(Int("int", 4, 32, signed=True))
    inside = b.add(Composite("", 4, (Member("y", u32, 0), Member("z", u16, 0)), is_union=True))
    nested = b.add(Composite("nested", 8, (Member("x", u32, 0), Member("", inside, 32))))
    pair = b.add(Composite("pair", 8, (Member("a", u32, 0), Member("b", u16, 32))))
    bits = b.add(Composite("flags", 4, (Member("low", u32, 0, 3), Member("high", i32, 3, 29))))
    constants: list[tuple[str, int, int]] = [
        ("byte", u8, 1), ("flag", boolean, 1), ("short", i16, 2), ("colour", colour, 4),
        ("name", b.add(Array(char, u32, 8)), 8), ("table", b.add(Array(u16, u32, 4)), 8),
        ("pair", pair, 8), ("flags", bits, 4), ("both", u32, 4), ("pointer", b.add(Ptr(0)), 8),
        ("nested", nested, 8),
    ]  # fmt: skip
    rows, at = [], 0
    for name, type, size in constants:
        rows.append((b.add(Var(name, type)), at, size))
        at += size
    rodata = b.add(DataSec(".rodata", at, tuple(rows)))
    data = b.add(DataSec(".data", 8, ((b.add(Var("both", u32, 0)), 4, 4),)))
    maps = (
        Map(".rodata", MapType.ARRAY, 4, at, 1, 1152, value_type=rodata, data=bytes(at)),
        Map(".data", MapType.ARRAY, 4, 8, 1, 1024, value_type=data, data=b"12345678"),
        Map(".data.raw", MapType.ARRAY, 4, 8, 1, 1024, data=bytes(8)),
        Map("events", MapType.RINGBUF, max_entries=4096),
    )
    programs = (Program("on_tick", "tp/sched/sched_switch", EXIT), Program("odd", "odd", EXIT))
    return Object("sample", programs, maps, b.bytes())


VALUES: list[tuple[str, Any, bytes]] = [
    ("byte", 255, b"\xff"),
    ("flag", True, b"\1"),
    ("short", -2, b"\xfe\xff"),
    ("colour", "BLUE", b"\4\0\0\0"),
    ("colour", 7, b"\7\0\0\0"),
    ("name", "kring", b"kring\0\0\0"),
    ("name", b"abcdefgh", b"abcdefgh"),
    ("table", [1, 2], b"\1\0\2\0\0\0\0\0"),
    ("table", b"\1", b"\1" + bytes(7)),
    ("pair", {"b": 3}, b"\0\0\0\0\3\0\0\0"),
    ("pair", Pair(a=1, b=2), b"\1\0\0\0\2\0\0\0"),
    ("flags", b"abcd", b"abcd"),
    ("flags", {"low": 5, "high": -1}, b"\xfd\xff\xff\xff"),
    ("nested", {"x": 1, "y": 2}, b"\1\0\0\0\2\0\0\0"),
    (".rodata:both", 5, b"\5\0\0\0"),
    (".data:both", 5, b"\5\0\0\0"),
    ("pointer", 1 << 63, bytes(7) + b"\x80"),
]


@pytest.mark.parametrize(("name", "value", "wanted"), VALUES)
def test_a_global_gets_the_bytes_of_its_type(name: str, value: Any, wanted: bytes) -> None:
    obj = sample()
    variable = obj.variables()[name]
    changed = obj.replace(rodata={name: value}).map(variable.map).data
    assert changed is not None
    end = variable.offset + variable.size
    assert changed[variable.offset : end] == wanted
    before = obj.map(variable.map).data or b""
    assert changed[: variable.offset] + changed[end:] == before[: variable.offset] + before[end:]


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"rodata": {"byte": 256}}, "byte holds 0 to 255, and 256 does not fit"),
    ({"rodata": {"flag": 2}}, "flag holds 0 to 1, and 2"),
    ({"rodata": {"short": 1 << 15}}, "short holds -32768 to 32767"),
    ({"rodata": {"colour": "BLEU"}}, "has no 'BLEU'. Did you mean 'BLUE'?"),
    ({"rodata": {"name": "too long"}}, "name takes 8 bytes, and these are 9"),
    ({"rodata": {"table": [0] * 5}}, "table has 4 elements, and these are 5"),
    ({"rodata": {"table": [1, "x"]}}, r"table\[1\] is `u16`, for which 'x' is no value"),
    ({"rodata": {"pair": {"c": 1}}}, "pair has no field 'c'"),
    ({"rodata": {"pair": {"b": 1 << 16}}}, "pair.b holds 0 to 65535"),
    ({"rodata": {"pair": b"1"}}, "pair takes 8 bytes, and these are 1"),
    ({"rodata": {"pair": 3}}, "pair is `struct pair`, for which 3 is no value: give a dict"),
    ({"rodata": {"flags": {"low": 8}}}, "flags.low holds 0 to 7, and 8 does not fit"),
    ({"rodata": {"flags": {"high": "x"}}}, "flags.high is a field of 29 bits, for which 'x'"),
    ({"rodata": {"byte": "x"}}, "byte is `u8`, for which 'x' is no value: give an int"),
    ({"rodata": {"pointer": "x"}}, r"pointer is `void \*`, for which 'x' is no value"),
    ({"rodata": {"bite": 1}}, "no global variable 'bite'. Did you mean 'byte'?"),
    ({"rodata": {"zzz": 1}}, "no global variable 'zzz'. It has: byte, flag"),
    ({"rodata": {"both": 1}}, "2 global variables are called 'both'; name one: .rodata:both"),
    ({"rodata": {".bss:both": 1}}, "no global variable '.bss:both'"),
    ({"sizes": {"event": 1}}, "no map 'event'. Did you mean 'events'?"),
    ({"sizes": {".data": 2}}, "map '.data' holds global variables: its size is fixed"),
    ({"sizes": {"events": -1}}, "map 'events' cannot have -1 bytes"),
    ({"sizes": {"events": "4k"}}, "map 'events' cannot have '4k' bytes"),
    ({"autoload": {"on_tock": False}}, "no program 'on_tock'. Did you mean 'on_tick'?"),
    ({"autocreate": {"nothing": False}}, "no map 'nothing'. It has: .rodata"),
    ({"attach": {"on_tack": "xdp"}}, "no program 'on_tack'"),
    ({"attach": {"odd": "sched:x"}}, "names no kind: give a whole section"),
    ({"attach": {"odd": 5}}, "program 'odd' attaches where a text says, not 5"),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "said"), REFUSED)
def test_what_does_not_fit_is_refused(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ObjectError, match=said):
        sample().replace(**changes)


def test_a_hook_is_overridden_by_section_or_by_target() -> None:
    obj = sample()
    for hook, section in {
        "sched:sched_process_exec": "tp/sched/sched_process_exec",
        "sched/sched_process_exec": "tp/sched/sched_process_exec",
        "raw_tp/sched_switch": "raw_tp/sched_switch",
        "xdp": "xdp",
    }.items():
        assert obj.replace(attach={"on_tick": hook}).program("on_tick").section == section
    assert obj.replace(attach={"odd": "xdp"}).program("odd").section == "xdp"


def test_switches_and_sizes_change_and_the_object_does_not() -> None:
    obj = sample()
    changed = obj.replace(
        sizes={"events": 8192}, autoload={"odd": False}, autocreate={".data.raw": False}
    )
    assert changed.map("events").max_entries == 8192
    assert not changed.program("odd").autoload
    assert not changed.map(".data.raw").autocreate
    assert obj == sample() == obj.replace()


def test_globals_without_types_are_named_as_such() -> None:
    obj = Object("bare", (), (Map(".data", MapType.ARRAY, 4, 8, 1, data=bytes(8)),))
    assert not obj.variables()
    with pytest.raises(ObjectError, match=r"It has: none whose types \(BTF\) are known, in .data"):
        obj.replace(rodata={"x": 1})
