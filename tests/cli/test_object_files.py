"""`kring run`, `check` and `dump` of objects: our own, and those that clang makes."""

from __future__ import annotations

import json
import re
import uuid
from pathlib import Path

import pytest
from command import EXEC, HEAD, kring, running, shows_records, spawn

from kring.abi.asm import parse
from kring.abi.code import encode
from kring.abi.uapi import MapType
from kring.btf.blob import Btf
from kring.btf.types import Kind
from kring.btf.write import Builder
from kring.decl.struct import Struct, fields, sizeof
from kring.errors import ObjectError
from kring.obj.elf_write import to_elf
from kring.obj.object import Function, Map, Object, Program
from kring.open import from_file
from kring.record import replace
from kring.records import named_records
from peers import c_program

ROOT = Path(__file__).parent.parent
DEMO = "pid:i32 comm:char[16] filename:char[512]"
SECOND = """
class Size(Struct):
    filler: u32

sizes = RingBuf[Size](4096)

@tracepoint("sched:sched_process_exit")
def on_exit() -> None:
    with sizes.reserve() as s:
        s.filler = 7
"""


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An object that `kring build` made."""
    return built(tmp_path_factory.mktemp("own"), HEAD + EXEC)


def built(directory: Path, text: str) -> Path:
    source, made = directory / "prog.py", directory / "prog.bpf.o"
    source.write_text(text)
    done = kring("build", source, "-o", made)
    assert done.returncode == 0, done.stderr
    return made


def untyped(path: Path) -> Path:
    """The same object, which does not say what its streams carry."""
    made = path.with_name("untyped.bpf.o")
    made.write_bytes(path.read_bytes().replace(b"kring:record=", b"kring:nothing"))
    return made


@pytest.mark.kernel
def test_an_object_of_our_own_runs_as_its_source_does(own: Path) -> None:
    shows_records(own)


def test_an_object_runs_in_the_vm_too(own: Path) -> None:
    with running("run", "--vm", "--json", own) as command:
        assert command.error_line() == "kring: running on_exec; Ctrl-C ends"
        pid = spawn("/bin/sleep", "0.3")
        line = command.line(f'"pid": {pid}')
        assert json.loads(line)["record"] == {"pid": pid, "comm": "sleep"}
        assert command.stop()[0] == 0


@pytest.mark.kernel
def test_records_of_no_known_type_are_dumped_with_a_hint(own: Path) -> None:
    with running("run", untyped(own)) as command:
        assert command.error_line() == "kring: running on_exec; Ctrl-C ends"
        pid = spawn("/bin/true")
        raw = pid.to_bytes(4, "little").hex(" ")
        line = command.line(raw)
        assert line.startswith(f"0000  {raw} 74 72 75 65")
        assert line.endswith("true........|")
        hint = command.error_line()
        code, _ = command.stop()
    assert code == 0
    assert hint == (
        "kring: events: the object does not say what its records of 20 bytes are. Name their type:"
        " --record Exec, which has that size; --record FILE.py:CLASS;"
        " --record 'pid:i32 comm:char[16]'"
    )


@pytest.mark.kernel
@pytest.mark.parametrize(
    "form", ["Exec", "struct Exec", "events=Exec", "class", "pid:u32, comm:char[16]"]
)
def test_a_record_is_named_in_each_of_the_ways(own: Path, tmp_path: Path, form: str) -> None:
    source = tmp_path / "mine.py"
    source.write_text(HEAD)
    record = f"{source}:Exec" if form == "class" else form
    with running("run", untyped(own), "--record", record) as command:
        assert command.error_line() == "kring: running on_exec; Ctrl-C ends"
        pid = spawn("/bin/true")
        assert command.line() == "PID      COMM"
        assert command.line(f"{pid} ") == f"{pid:<8} true"
        assert command.stop()[0] == 0


@pytest.mark.kernel
def test_a_record_shorter_than_its_type_ends_the_run(own: Path) -> None:
    with running("run", untyped(own), "--record", DEMO) as command:
        assert command.error_line() == "kring: running on_exec; Ctrl-C ends"
        spawn("/bin/true")
        error = command.error_line()
    assert error == "kring: events: a record of 20 bytes is shorter than record, which has 532"


SPEC = "a:u8 b:u64 c:be16 d:char[5] e:u8[6] f:u16[2][3] g:bool h:f64 i:ptr j:int k:__u16"


def test_fields_lie_where_c_puts_them(own: Path) -> None:
    kind = named_records(from_file(str(own)), [SPEC])["events"]
    found = {field.name: (field.offset, field.size) for field in fields(kind)}
    assert found == {
        "a": (0, 1), "b": (8, 8), "c": (16, 2), "d": (18, 5), "e": (23, 6), "f": (30, 12),
        "g": (42, 1), "h": (48, 8), "i": (56, 8), "j": (64, 4), "k": (68, 2),
    }  # fmt: skip
    assert sizeof(kind) == 72


@pytest.mark.parametrize(
    "spec", [DEMO, DEMO.replace(" ", ","), " pid : i32 ; comm : char [ 16 ] ,\n filename:char[512]"]
)
def test_spaces_and_commas_do_not_matter(own: Path, spec: str) -> None:
    kind: type[Struct] = named_records(from_file(str(own)), [spec])["events"]
    assert [field.name for field in fields(kind)] == ["pid", "comm", "filename"]
    assert sizeof(kind) == 532


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["Exek"], r"--record Exek: the types of prog have no 'Exek'. Did you mean 'Exec'\?"),
        (["evnts=Exec"], r"prog has no stream 'evnts'. Did you mean 'events'\?"),
        (["Exec", "events=Exec"], r"names the type of 'events' twice"),
        (["pid:i31"], r"field 1, 'pid:i31': there is no type 'i31' here. Did you mean 'i32'\?"),
        (["pid:i32 comm"], r"field 2, 'comm': a field is NAME:TYPE or NAME:TYPE\[COUNT\]"),
        (["pid:i32 pid:i32"], r"field 2, 'pid:i32': another field has that name"),
        (["pid:i32[0]"], r"field 1, .*: an array has at least 1 element"),
        (["pid:i32[99999999]"], r"99999999 elements are more than a record has"),
        (["pid:i32[]"], r"field 1, 'pid:i32\[\]': a field is NAME:TYPE"),
        ([""], r"neither the name of a type, nor `file.py:Class`, nor fields"),
        (["{dir}/mine.py:Exek"], r"mine.py:Exek: 'Exek' is not there. Did you mean 'Exec'\?"),
        (["{dir}/mine.py:events"], r"mine.py:events: 'events' is no Struct class. It has: Exec"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_record_is_said(
    own: Path, tmp_path: Path, words: list[str], says: str
) -> None:
    (tmp_path / "mine.py").write_text(HEAD)
    with pytest.raises(ObjectError, match=says):
        named_records(from_file(str(own)), [word.replace("{dir}", str(tmp_path)) for word in words])


def test_of_several_streams_the_one_without_a_type_is_meant(tmp_path: Path) -> None:
    obj = from_file(str(built(tmp_path, HEAD + EXEC + SECOND)))
    with pytest.raises(
        ObjectError, match=r"has several streams, .*: say which one, as in --record "
    ):
        named_records(obj, ["Exec"])
    one = replace(
        obj, maps=tuple(replace(m, record=m.record * (m.name != "sizes")) for m in obj.maps)
    )
    assert list(named_records(one, ["Size"])) == ["sizes"]
    both = named_records(obj, ["events=Exec", "sizes=Size"])
    assert {name: sizeof(kind) for name, kind in both.items()} == {"events": 20, "sizes": 4}


def test_without_types_a_record_is_spelled(own: Path) -> None:
    obj = replace(from_file(str(own)), btf=b"")
    with pytest.raises(ObjectError, match="has no types"):
        named_records(obj, ["Exec"])
    assert sizeof(named_records(obj, [DEMO])["events"]) == 532
    with pytest.raises(ObjectError, match="has no stream"):
        named_records(replace(obj, maps=()), [DEMO])
    with pytest.raises(ObjectError, match="clang keeps the types"):
        named_records(replace(obj, btf=Builder().bytes()), ["event"])


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["run", "{own}", "--", "x"],
         "-- and what follows it are for a Python file, not for an object"),
        (["run", "{dir}/prog.py", "--record", "Exec"],
         "--record is for objects: the programs of a Python file declare it"),
        (["dump", "--ir", "{own}"],
         "an object has bytecode only; --ir and --stage are for sources"),
        (["run", "{dir}/empty.o"], "{dir}/empty.o is no BPF object: it is empty"),
        (["check", "{dir}/empty.o"], "{dir}/empty.o is no BPF object: it is empty"),
        (["dump", "{dir}/none.o"], "{dir}/none.o: No such file or directory"),
        (["run", "{dir}/bare.o"], "{dir}/bare.o has no program"),
        (["check", "{dir}/bare.o"], "{dir}/bare.o has no program"),
        (["dump", "/bin/true"],
         "true: a BPF object is a relocatable ELF, as compilers leave it; this is not"),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_one_clear_error(
    own: Path, tmp_path: Path, words: list[str], says: str
) -> None:
    (tmp_path / "empty.o").write_text("")
    (tmp_path / "bare.o").write_bytes(to_elf(Object("bare", ())))
    (tmp_path / "prog.py").write_text(HEAD + EXEC)
    named = [word.replace("{own}", str(own)).replace("{dir}", str(tmp_path)) for word in words]
    done = kring(*named)
    assert done.returncode == 1
    assert done.stderr.strip() == "kring: " + says.replace("{dir}", str(tmp_path))
    assert done.stdout == ""


@pytest.mark.kernel
def test_check_pins_nothing(own: Path, tmp_path: Path) -> None:
    obj = from_file(str(own))
    name = f"kring_{uuid.uuid4().hex[:8]}"
    path = tmp_path / "pins.bpf.o"
    path.write_bytes(
        to_elf(replace(obj, maps=(*obj.maps, Map(name, MapType.ARRAY, 4, 8, 1, pinned=True))))
    )
    done = kring("check", path)
    assert done.returncode == 0, done.stderr
    assert not (Path("/sys/fs/bpf") / name).exists()


@pytest.mark.kernel
def test_run_says_by_which_option_programs_are_attached(tmp_path: Path) -> None:
    path = built(tmp_path, "from kring import xdp\n@xdp\ndef drop() -> int:\n    return 1\n")
    done = kring("run", tmp_path / "prog.py")
    assert done.returncode == 1
    assert "say which, as in `--interface lo`" in done.stderr
    done = kring("run", path)
    assert done.returncode == 1
    assert done.stderr == (
        'kring: not attached: "drop" is an xdp program, which runs on a network interface: say'
        " which, as in `--interface lo`\n"
    )


@pytest.mark.kernel
def test_run_says_which_programs_nothing_runs(tmp_path: Path) -> None:
    path = built(tmp_path, "from kring import syscall\n@syscall\ndef go() -> int:\n    return 1\n")
    done = kring("run", path)
    assert done.returncode == 1
    assert done.stderr == (
        'kring: only loaded: "go" is a syscall program, which runs when asked to\n'
    )


@pytest.mark.kernel
def test_check_loads_each_program_by_itself(tmp_path: Path) -> None:
    path = built(tmp_path, HEAD + EXEC + SECOND)
    obj = from_file(str(path)).replace(autoload={"on_exit": False})
    path.write_bytes(to_elf(obj))
    done = kring("check", "--json", path)
    assert done.returncode == 0, done.stderr
    rows = {row["program"]: row for row in json.loads(done.stdout)}
    assert (rows["on_exec"]["verdict"], rows["on_exit"]["verdict"]) == ("ok", "optional")
    assert rows["on_exec"]["processed"] > 0
    path.write_bytes(to_elf(obj.replace(attach={"on_exec": "sched:sched_proces_exec"})))
    done = kring("check", path)
    assert done.returncode == 1
    assert "refused" in done.stdout
    assert "sched_proces_exec" in done.stderr


def test_dump_shows_maps_variables_and_programs(own: Path) -> None:
    done = kring("dump", own)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(
        "; object prog: licence GPL\n; map events: ringbuf, records struct Exec, 4096 bytes,"
        " losses counted at 0\n"
    )
    assert "; tracepoint/sched/sched_process_exec: on_exec" in done.stdout
    assert re.search(r"^; prog.py:\d+: e.pid = current.pid$", done.stdout, re.MULTILINE)
    assert "; map events" in done.stdout
    obj = from_file(str(own))
    assert len(encode(parse(done.stdout))) == len(obj.programs[0].code)
    found = json.loads(kring("dump", "--json", own).stdout)
    assert [one["name"] for one in found["programs"]] == [one.name for one in obj.programs]
    assert {"slot": 0, "kind": "map", "to": "map events"} in found["programs"][0]["relocations"]
    events = next(one for one in found["maps"] if one["name"] == "events")
    assert (events["type"], events["record"], events["max_entries"]) == (
        "ringbuf",
        "struct Exec",
        4096,
    )


def test_dump_shows_programs_of_no_known_kind(own: Path, tmp_path: Path) -> None:
    obj = from_file(str(own))
    strange = replace(obj, programs=(replace(obj.programs[0], section="strange/thing"),))
    path = tmp_path / "strange.bpf.o"
    path.write_bytes(to_elf(strange))
    assert "; strange/thing: on_exec" in kring("dump", path).stdout
    for verb in ("run", "check"):
        done = kring(verb, path)
        assert done.returncode == 1
        assert "names no kind of program" in done.stderr


def test_dump_goes_on_behind_a_program_that_cannot_be_shown(own: Path, tmp_path: Path) -> None:
    obj = from_file(str(own))
    code = bytes.fromhex("3000000000000000 9500000000000000")
    classic = Program("keep", "socket", code, functions=(Function(0, "keep"),))
    path = tmp_path / "classic.bpf.o"
    path.write_bytes(to_elf(replace(obj, programs=(classic, *obj.programs))))
    shown = kring("dump", path).stdout
    assert "; socket: keep, 2 slots\n; not shown: slot 0: ldabsb is a packet load" in shown
    assert ";    1  95 00 00 00 00 00 00 00" in shown
    assert ": on_exec, " in shown


@pytest.mark.peer
def test_dump_names_the_variables_that_code_uses(tmp_path: Path) -> None:
    path = c_program("typed_maps", tmp_path)
    shown = kring("dump", path).stdout
    assert (
        "; map flows: hash, key struct key, 20 bytes, value struct flow, 40 bytes, 16 entries"
        in shown
    )
    assert "; variable label: const volatile char[8], 8 bytes, at 4 of .rodata" in shown
    assert re.search(r"lddw r\d, map_value\(\d+\) +; map .data: mode", shown)
    btf = Btf(from_file(str(path)).btf)
    assert btf.find("flow", Kind.STRUCT)
