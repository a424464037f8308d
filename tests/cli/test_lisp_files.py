"""Lisp files: what each verb makes of them, and `kring.open`."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from command import kring, running, spawn

import kring as library
from kring import Vm, load
from kring.abi.asm import parse
from kring.errors import CompileError, ObjectError
from kring.ir.text import parse_fn
from kring.obj.elf_read import from_elf
from kring.obj.elf_write import to_elf

EXEC = """\
(in-package #:whistler)
(defconstant +longest+ 16)
(defstruct exec-event (pid u32) (comm (array u8 16)))
(defmap exec-events :type :ringbuf :max-entries 4096 :count-drops t)
(defprog on-exec (:type :tracepoint :section "tracepoint/sched/sched_process_exec")
  (with-ringbuf (e exec-events (sizeof exec-event))
    (fill-process-info e :pid-field exec-event-pid :comm-field exec-event-comm-ptr)))
"""
TWO = """\
(defstruct opened (pid u32) (at u64))
(defstruct closed (pid u32))
(defmap events :type :ringbuf :max-entries 4096)
(defprog on-exec (:type :tracepoint :section "tracepoint/sched/sched_process_exec")
  (with-ringbuf (e events (sizeof opened)) (setf (opened-pid e) 1 (opened-at e) 2))
  (with-ringbuf (e events (sizeof closed)) (setf (closed-pid e) 3)))
"""
PACKETS = """\
(defmap counts :type :hash :key-size 4 :value-size 8 :max-entries 16)
(defprog drop-short (:type :xdp :license "Dual BSD/GPL")
  (incf (getmap counts 7))
  (if (> (+ (ctx data) 60) (ctx data-end)) XDP_DROP XDP_PASS))
"""
NOTED = """\
(defmap events :type :ringbuf :max-entries 4096 :value-size 8)
(defprog p (:type :xdp) (ringbuf-output events (struct-alloc 8) 8 0) XDP_PASS)
"""
NOTE = "kring: note: noted.lisp:1:1: :value-size of events is ignored: it carries records\n"


def written(directory: Path, text: str, name: str = "prog.lisp") -> Path:
    path = directory / name
    path.write_text(text)
    return path


@pytest.mark.kernel
def test_run_prints_decoded_records_and_sums_up(tmp_path: Path) -> None:
    with running("run", written(tmp_path, EXEC)) as command:
        assert command.error_line() == "kring: running on_exec; Ctrl-C ends"
        pid = spawn("/bin/true")
        assert command.line() == "PID      COMM"
        assert command.line(f"{pid} ") == f"{pid:<8} true"
        code, error = command.stop()
    assert code == 0
    assert re.fullmatch(r"exec_events: \d+ events, 0 lost\n", error)


def test_run_in_the_vm_as_json(tmp_path: Path) -> None:
    with running("run", "--vm", "--json", written(tmp_path, EXEC, "prog.lsp")) as command:
        command.error_line()
        pid = spawn("/bin/sleep", "0.3")
        assert json.loads(command.line(f"{pid},")) == {
            "stream": "exec_events", "record": {"pid": pid, "comm": "sleep"},
        }  # fmt: skip


@pytest.mark.kernel
def test_records_of_several_structs_are_bytes_until_one_is_named(tmp_path: Path) -> None:
    path = written(tmp_path, TWO)
    with running("run", path) as command:
        command.error_line()
        spawn("/bin/true")
        assert command.line() == "16 bytes"
        assert command.line("bytes") == "4 bytes"
        _, error = command.stop()
    assert "the object does not say what its records of 16 bytes are." in error
    assert "--record opened, which has that size" in error
    assert re.search(r"^events: \d+ events, losses not counted$", error, re.MULTILINE)
    done = kring("run", "--vm", path, "--record", "events=opend")
    assert (done.returncode, "Did you mean 'opened'?" in done.stderr) == (1, True)


def test_check_loads_each_program(tmp_path: Path) -> None:
    done = kring("check", "--vm", "--json", written(tmp_path, PACKETS))
    (row,) = json.loads(done.stdout)
    assert (done.returncode, row["program"], row["section"]) == (0, "drop_short", "xdp")
    assert row["verdict"] == "ok"
    assert row["slots"] > 5


def test_check_goes_on_behind_a_program_at_fault(tmp_path: Path) -> None:
    bad = "(defprog bad (:type :xdp)\n  (getmap nowhere 1))\n"
    good = PACKETS.replace(' :license "Dual BSD/GPL"', "")
    done = kring("check", "--vm", written(tmp_path, bad + good))
    assert done.returncode == 1
    rows = [line.split() for line in done.stdout.splitlines()[1:]]
    assert [(row[0], row[2]) for row in rows] == [("bad", "does"), ("drop_short", "ok")]
    assert "line 2\n    (getmap nowhere 1))\n            ^^^^^^^\n" in done.stderr


def test_build_goes_beside_the_file_in_every_language(tmp_path: Path) -> None:
    done = kring("build", written(tmp_path, EXEC), "--gen", "c,lisp", "--gen", "go")
    stem = tmp_path / "prog"
    assert done.stdout.splitlines() == [
        f"{stem}.bpf.o: programs on_exec; maps exec_events, kring_drops",
        f"{stem}.h", f"{stem}_types.lisp", f"{stem}.go",
    ]  # fmt: skip
    assert done.stderr == ""
    assert "struct exec_event {" in (header := Path(f"{stem}.h").read_text())
    assert "#define LONGEST 16" in header
    assert "(defun decode-exec-event " in Path(f"{stem}_types.lisp").read_text()
    other = tmp_path / "other"
    other.mkdir()
    done = kring("build", written(other, EXEC), "-o", other / "o", cwd=other)
    assert done.returncode == 0
    assert (other / "o").read_bytes() == Path(f"{stem}.bpf.o").read_bytes()
    lines = from_elf((other / "o").read_bytes(), "o").programs[0].lines
    assert {line.file for line in lines} == {"prog.lisp"}
    assert to_elf(library.open(tmp_path / "prog.lisp")) == (other / "o").read_bytes()


def test_declarations_have_structs_that_no_map_holds(tmp_path: Path) -> None:
    kring("build", written(tmp_path, TWO), "--gen", "python,c")
    text = (tmp_path / "prog_types.py").read_text()
    assert re.findall(r'class (\w+)\(Struct\):\n    """(.*)"""', text) == [
        ("opened", "Declared in prog.lisp."), ("closed", "Declared in prog.lisp."),
    ]  # fmt: skip


def test_declarations_of_a_file_without_structs_are_its_constants(tmp_path: Path) -> None:
    path = written(tmp_path, "(defconstant +most+ 12)\n(defprog p (:type :xdp) +most+)\n")
    assert kring("build", path, "--gen", "c,go,rust,python,lisp").returncode == 0
    texts = {one.suffix: one.read_text() for one in tmp_path.iterdir() if one.suffix != ".o"}
    assert "#define MOST 12\n" in texts[".h"]
    assert texts[".go"].endswith("\n\npackage main\n\nconst MOST = 12\n")
    assert "pub const MOST: u64 = 12;\n" in texts[".rs"]
    assert "import" not in texts[".py"]
    assert texts[".py"].endswith("\nMOST = 12\n")


def test_dump_shows_the_source_s_lines(tmp_path: Path) -> None:
    path = written(tmp_path, EXEC)
    text = kring("dump", path).stdout
    assert text.startswith("; tracepoint/sched/sched_process_exec: on_exec, ")
    shown = re.findall(r"^; prog.lisp:(\d+): (.*)$", text, re.MULTILINE)
    source = EXEC.splitlines()
    assert {int(number) for number, _ in shown} == {6, 7}
    assert all(source[int(number) - 1].strip() == line for number, line in shown)
    assert parse(text)
    ir = kring("dump", "--ir", path).stdout
    assert "# prog.lisp:7: (fill-process-info e" in ir
    assert parse_fn(ir)
    (one,) = json.loads(kring("dump", "--json", "--stage", "built", path).stdout)
    assert one["program"] == "on_exec"
    assert "no stage 'bilt' changed anything" in kring("dump", "--stage", "bilt", path).stderr


@pytest.mark.parametrize("verb", ["build", "check", "dump", "run"])
def test_every_verb_tells_the_build_s_notes(verb: str, tmp_path: Path) -> None:
    written(tmp_path, NOTED, "noted.lisp")
    vm = ["--vm"] if verb in ("check", "run") else []
    done = kring(verb, *vm, "noted.lisp", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stderr.startswith(NOTE)


@pytest.mark.parametrize("verb", ["run", "build", "dump"])
def test_errors_have_line_and_caret(verb: str, tmp_path: Path) -> None:
    written(tmp_path, EXEC.replace("exec-event-pid", "exec-event-pit"))
    done = kring(verb, "prog.lisp", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    first, line, caret, message = done.stderr.splitlines()[:4]
    assert first == '  File "prog.lisp", line 7'
    assert line[caret.index("^") :].startswith("exec-event-pit")
    assert "exec-event-pit" in message
    assert "Did you mean" in done.stderr


@pytest.mark.kernel
def test_what_the_verifier_refuses_is_told_at_its_form_and_in_lisp(tmp_path: Path) -> None:
    text = "(defprog blind (:type :xdp)\n  (load u32 (ctx data) 0))\n"
    done = kring("check", written(tmp_path, text))
    assert (done.returncode, "refused" in done.stdout) == (1, True)
    assert f"{tmp_path}/prog.lisp:2:3: the kernel's verifier refused program" in done.stderr
    assert "\n    (load u32 (ctx data) 0))\n    ^\n" in done.stderr
    assert "first: `(when (<= (+ p 4) (ctx data-end)) …)`" in done.stderr


@pytest.mark.parametrize(
    ("words", "text", "says"),
    [
        (["run", "x.lisp", "--", "a"], EXEC, "-- and what follows it are for a Python file, not"),
        (["run", "--vm", "x.lisp", "--record", "nope=a"], EXEC, "has no stream 'nope'"),
        (["dump", "x.lisp"], "", "x.lisp has no program"),
        (["build", "x.lisp"], "(defstruct", "x.lisp"),
        (["build", "x.lisp", "--gen", "cobol"], EXEC, "'cobol' is no language here"),
        (["build", "y.lisp"], EXEC, "y.lisp: No such file or directory"),
        (["build", "x.lisp", "-o", "x.lisp"], EXEC, "is the file that it is built from"),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_told(
    words: list[str], text: str, says: str, tmp_path: Path
) -> None:
    written(tmp_path, text, "x.lisp")
    done = kring(*words, cwd=tmp_path)
    assert done.returncode in (1, 2)
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def test_open_gives_its_structs_and_keys(tmp_path: Path) -> None:
    obj = library.open(written(tmp_path, TWO.replace(":tracepoint", ":xdp").replace(
        "tracepoint/sched/sched_process_exec", "xdp")))  # fmt: skip
    opened = obj.structs["opened"]
    with load(obj, on=Vm(), records={"events": opened}) as s:
        s[obj["on-exec"]].run(bytes(64))
        assert s[obj["events"]].poll(0)[:1] == [opened(pid=1, at=2)]
    obj = library.open(written(tmp_path, EXEC.replace(":tracepoint", ":xdp").replace(
        "tracepoint/sched/sched_process_exec", "xdp")))  # fmt: skip
    with load(obj, on=Vm()) as s:
        assert "exec-events" in obj
        assert "exec-event" not in obj
        s[obj["on_exec"]].run(bytes(64))
        (event,) = s[obj["exec-events"]].poll(0)
        assert isinstance(event, obj.structs["exec-event"])
        assert isinstance(event.comm, str)
        assert s[obj["exec-events"]].dropped == 0


def test_maps_that_no_program_names_are_there(tmp_path: Path) -> None:
    """Whoever opens the file finds what it defines."""
    spare = "(defmap spare :type :lpm-trie :key-size 8 :value-size 1 :max-entries 4)\n"
    rings = "(defmap r :type :ringbuf :max-entries 4096)\n(defmap e :type :perf-event-array)\n"
    obj = library.open(written(tmp_path, spare + rings + PACKETS))
    assert [map.name for map in obj.maps] == ["spare", "r", "e", "counts"]
    with load(from_elf(to_elf(obj), "again"), on=Vm()) as s:
        s[obj["spare"]][bytes(8)] = b"\1"
        assert s[obj["r"]].poll(0) == []


def test_open_takes_the_licence_of_the_programs(tmp_path: Path) -> None:
    assert library.open(written(tmp_path, PACKETS)).license == "Dual BSD/GPL"


def test_open_says_what_is_wrong(tmp_path: Path) -> None:
    path = tmp_path / "prog.cl"
    path.write_bytes(b"(defprog \xff")
    with pytest.raises(ObjectError, match="is not Lisp: byte 9 is no UTF-8"):
        library.open(path)
    with pytest.raises(CompileError, match="no struct is called exec-evnt"):
        library.open(written(tmp_path, EXEC.replace("sizeof exec-event", "sizeof exec-evnt")))


def test_no_running_system_is_looked_at_without_need(tmp_path: Path) -> None:
    path = written(tmp_path, EXEC)
    code = (
        f"import sys, kring; kring.open({str(path)!r});"
        "print([n for n in ('ast', 'ctypes', 'kring.run', 'kring.session') if n in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout == "[]\n", done.stderr
