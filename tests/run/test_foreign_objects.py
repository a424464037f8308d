"""Objects without declarations, loaded: handles typed by BTF alone, in the kernel and the VM."""

from __future__ import annotations

import gc
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest

import kring
from kring import (
    Hash,
    Kernel,
    LoadError,
    ObjectError,
    Queue,
    RingBuf,
    Struct,
    Vm,
    array,
    build,
    char,
    load,
    sizeof,
    syscall,
    u32,
    u64,
)
from kring.errors import StreamError
from kring.obj.elf_read import from_elf
from kring.obj.elf_write import to_elf
from kring.obj.object import Object
from kring.record import replace
from kring.stream.handle import StreamHandle
from peers import c_program

ROOT = Path(__file__).parent.parent
TARGETS = [
    pytest.param(Vm, id="vm"),
    pytest.param(Kernel, id="kernel", marks=pytest.mark.kernel),
]
On = Callable[[], Any]


class Point(Struct):
    x: u32
    y: u32


class Event(Struct):
    pid: u32
    comm: str = char(8)
    mac: bytes = array(6)
    at: Point


class Text(Struct):
    pid: u32
    comm: str = char(8)
    text: str = char(64)


class Longer(Struct):
    data: bytes = array(64)


events = RingBuf[Event](4096)
points = Hash[u32, Point](max_entries=4)
jobs = Queue[u64](4)
limit = kring.Global[u32](7)


@syscall
def program() -> int:
    points[1] = Point(x=limit.value, y=2)
    jobs.push(3)
    events.output(Event(pid=5, comm="kring", mac=b"abcdef", at=Point(x=1, y=2)))
    limit.value += 1
    return 0


@pytest.fixture(scope="module")
def obj() -> Object:
    """The program's object, as read from a file: nothing is left of the declarations."""
    return from_elf(to_elf(build(program)), "own")


@pytest.mark.parametrize("on", TARGETS)
def test_an_object_of_our_own_needs_no_declarations(obj: Object, on: On) -> None:
    with load(obj, on=on()) as s:
        assert s.programs["program"].run().value == 0
        (event,) = s.maps["events"].poll(0)
        assert repr(event) == "Event(pid=5, comm='kring', mac=b'abcdef', at=Point(x=1, y=2))"
        assert s.maps["events"].dropped == 0
        assert {key: (value.x, value.y) for key, value in s.maps["points"].items()} == {1: (7, 2)}
        s.maps["points"][2] = {"x": 8}
        s.maps["points"][3] = Point(x=9, y=9)
        assert s.maps["points"][2].x == 8
        assert s.maps["points"][3].y == 9
        assert s.maps["jobs"].pop() == 3
        assert s.globals["limit"].value == 8
        s.globals["limit"].value = 20
        s.programs["program"].run()
        assert s.maps["points"][1].x == 20


@pytest.mark.parametrize("on", TARGETS)
def test_records_of_no_known_type_are_bytes_and_may_be_given_one(obj: Object, on: On) -> None:
    stripped = replace(obj, maps=tuple(replace(map, record=0) for map in obj.maps))
    with load(stripped, on=on()) as s:
        s.programs["program"].run()
        (record,) = s.maps["events"].poll(0)
        assert isinstance(record, bytes)
        assert len(record) == sizeof(Event)
        with pytest.raises(kring.NotSupported, match="no known type"):
            next(s.maps["events"].batches())
    with load(stripped, on=on(), records={"events": Event}) as s:
        s.programs["program"].run()
        assert s.maps["events"].poll(0) == [
            Event(pid=5, comm="kring", mac=b"abcdef", at=Point(x=1, y=2))
        ]
    with load(obj, on=on(), records={"events": Text}) as s:
        s.programs["program"].run()
        assert s.maps["events"].poll(0) == [Text(pid=5, comm="kring", text="abcdef")]
    with load(obj, on=on(), records={"events": Longer}) as s:
        s.programs["program"].run()
        with pytest.raises(StreamError, match="28 bytes is shorter than Longer, which has 64"):
            s.maps["events"].poll(0)


@pytest.mark.parametrize("on", TARGETS)
def test_what_an_object_has_are_keys_of_its_sessions(obj: Object, on: On) -> None:
    again = from_elf(to_elf(build(program)), "again")
    made = obj.structs["Event"]
    with load(obj.replace(sizes={"events": 8192}), on=on()) as s:
        assert s[obj["program"]].run().value == 0
        (event,) = s[obj["events"]].poll(0)
        assert isinstance(event, made)
        assert event == made(pid=5, comm="kring", mac=b"abcdef", at=obj.structs["Point"](x=1, y=2))
        s[obj["points"]][2] = obj.structs["Point"](x=3)
        assert s[obj.map("points")][2].x == 3
        assert s[again["events"]] is s.maps["events"]
        with pytest.raises(KeyError, match=r"no loaded map 'event'. Did you mean 'events'\?"):
            s[replace(obj.map("events"), name="event")]
    with load(program, on=on()) as s:
        assert s[obj["program"]] is s[program]
        assert s[obj["events"]] is s[events]


def test_an_object_says_what_it_has(obj: Object) -> None:
    assert {"Event", "Point"} <= set(obj.structs)
    assert (obj["program"], obj["events"]) == (obj.programs[0], obj.map("events"))
    assert "events" in obj
    assert "event" not in obj
    with pytest.raises(KeyError, match=r"no map or program 'event'. Did you mean 'events'\?"):
        obj["event"]
    with pytest.raises(KeyError, match=r"no struct 'event'. Did you mean 'Event'\?"):
        obj.structs["event"]
    assert not Object("none", ()).structs
    spelled = replace(obj, maps=(replace(obj.map("events"), name="conn_events"),))
    assert spelled["conn-events"].name == "conn_events"


def test_the_classes_of_an_object_are_gone_with_it() -> None:
    from weakref import ref

    other = Hash[u32, Point](max_entries=4)

    @syscall
    def alone() -> int:
        other[1] = Point(x=2)
        return 0

    made = build(alone).structs["Point"]
    gc.collect()
    assert build(alone).structs["Point"] is made
    gone = ref(made)
    del made
    gc.collect()
    assert gone() is None


def test_names_that_are_not_there_are_answered_with_those_that_are(obj: Object) -> None:
    with load(obj, on=Vm()) as s:
        with pytest.raises(KeyError, match=r"no map 'event'. Did you mean 'events'\?"):
            s.maps["event"]
        with pytest.raises(KeyError, match=r"no global variable 'x'. There are: limit"):
            s.globals["x"]
        with pytest.raises(KeyError, match=r"no program 'programm'. Did you mean 'program'\?"):
            s.programs["programm"]
        assert "event" not in s.maps
        assert "events" in s.maps
    with pytest.raises(ObjectError, match=r"no stream 'event' for records. Did you mean 'events'"):
        load(obj, on=Vm(), records={"event": Event}).__enter__()
    with pytest.raises(ObjectError, match="records of 'events' are of a class below Struct, not"):
        load(obj, on=Vm(), records={"events": cast("Any", int)}).__enter__()
    with pytest.raises(TypeError, match="programs declare their streams"):
        load(program, on=Vm(), records={"events": Event}).__enter__()


@pytest.mark.parametrize("on", TARGETS)
def test_values_that_do_not_fit_are_refused(obj: Object, on: On) -> None:
    with load(obj, on=on()) as s:
        with pytest.raises(ValueError, match="a Point is wanted, or a dict of its fields"):
            s.maps["points"][1] = 3
        with pytest.raises(ValueError, match="Point has no field 'z'"):
            s.maps["points"][1] = {"z": 3}
        with pytest.raises(ValueError, match="does not fit"):
            s.globals["limit"].value = 1 << 32


def test_a_stream_that_nobody_read_is_closed_with_the_session(obj: Object) -> None:
    with load(obj, on=Vm()) as s:
        stream: StreamHandle[Any] = s.maps["events"]
    assert stream.closed


@pytest.mark.peer
@pytest.mark.parametrize("on", TARGETS)
def test_what_clang_writes_is_typed(tmp_path: Path, on: On) -> None:
    with load(kring.open(c_program("typed_maps", tmp_path)), on=on()) as s:
        assert s.programs["fill"].run().value == 0
        ((key, flow),) = s.maps["flows"].items()
        assert (key.id, key.name) == (1, "one")
        assert (flow.packets, flow.state.name, flow.known) == (7, "BUSY", True)
        assert (flow.mac, flow.flags, flow.level, flow.v4) == (b"\0\0\0\0\0\xff", 5, 9, 0x7F000001)
        s.maps["flows"][{"id": 2, "name": "two"}] = {"state": "GONE", "v4": 1, "level": 31}
        found = s.maps["flows"][{"id": 2, "name": "two"}]
        assert (found.state, found.v6[3], found.level) == (9, 1, 31)
        assert sum(s.maps["counts"]["cpu"]) == s.maps["counts"].sum("cpu") == 1
        assert dict(s.maps["plain"]) == {bytes(4): b"\1" + bytes(7)}
        assert s.maps["jobs"].pop().name == "BUSY"
        (event,) = s.maps["typed"].poll(0)
        assert (event.pid, event.comm, event.at[1].id) == (42, "k", 3)
        assert s.maps["untyped"].poll(0) == [kring.pack(event)]
        assert s.maps["typed"].dropped is None
        assert {name: one.value for name, one in s.globals.items()} == {
            "limit": 7, "label": "kring", "mode": 1, "own": 3, "last": key, "runs": 1,
        }  # fmt: skip
        s.globals["mode"].value = "GONE"
        s.programs["fill"].run()
        assert s.maps["flows"][key].state.name == "GONE"
        with pytest.raises(TypeError, match=r"limit is constant, in .rodata: .*replace\(rodata="):
            s.globals["limit"].value = 8
        assert s.maps[".bss"][0].runs == 2


@pytest.mark.peer
@pytest.mark.kernel
def test_a_variable_beside_a_lock_is_read_and_not_written(tmp_path: Path) -> None:
    with load(kring.open(c_program("misc_spin_lock_global", tmp_path)), attach=False) as s:
        values = {name: one.value for name, one in s.globals.items()}
        assert values
        name = next(one for one in values if isinstance(values[one], int))
        with pytest.raises(LoadError, match="mapping the value of map"):
            s.globals[name].value = 1


@pytest.mark.peer
@pytest.mark.kernel
def test_what_the_page_shows_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (ROOT.parent / "docs" / "elsewhere.md").read_text()
    blocks = re.findall(r"^```python\n(.*?)^```$", text, flags=re.M | re.S)
    (code,) = [block for block in blocks if '"typed_maps.bpf.o"' in block]
    c_program("typed_maps", tmp_path)
    monkeypatch.chdir(tmp_path)
    exec(f"import kring\n{code}", {})
    assert capsys.readouterr().out == "1 one BUSY 00:00:00:00:00:ff 2130706433\n42 k 3\n"


def test_a_file_is_opened_by_what_is_in_it(tmp_path: Path, obj: Object) -> None:
    path = tmp_path / "own.bpf.o"
    path.write_bytes(to_elf(obj))
    assert kring.open(path) == obj
    renamed = path.rename(tmp_path / "own")
    assert kring.open(str(renamed)).programs == obj.programs
    source = tmp_path / "x.py"
    source.write_text(
        "import sys\nfrom kring import syscall\nwords = sys.argv\n"
        "@syscall\ndef one() -> int:\n    return 0\n"
    )
    assert [one.name for one in kring.open(source).programs] == ["one"]


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("x.o", "", "is no BPF object: it is empty"),
        ("x.bpf.o", "hello", "is no BPF object: it does not begin as an ELF does"),
        ("x.txt", "hello", r"does not begin as an ELF does, nor does its name end with \.py"),
        ("x.py", "x = 1", "no program in"),
        ("x.py", "x = ", "is not Python"),
        ("x.o", "\x7fELF\2\1\1", "cut off"),
    ],
)
def test_a_file_that_is_no_object_is_refused(
    tmp_path: Path, name: str, text: str, says: str
) -> None:
    path = tmp_path / name
    path.write_text(text)
    with pytest.raises(ObjectError, match=says):
        kring.open(path)


def test_a_file_that_cannot_be_read_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        kring.open(tmp_path / "none.bpf.o")
    with pytest.raises(IsADirectoryError):
        kring.open(tmp_path)
