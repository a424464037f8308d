"""`kring run`, `check`, `build` and `dump` of users' files, good and bad; `kring doctor`."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from command import EXEC, HEAD, kring, running, shows_records, spawn

from kring.abi.asm import format_insns, parse
from kring.abi.code import decode, encode
from kring.cli import error_text
from kring.errors import VerifierError
from kring.ir.text import parse_fn, print_fn
from kring.obj.elf_read import from_elf
from kring.script import programs_in

NO_FIELD = """
@tracepoint("sched:sched_process_exec")
def on_exec() -> None:
    with events.reserve() as e:
        e.pit = current.pid
"""


@pytest.fixture
def program(tmp_path: Path) -> Path:
    return written(tmp_path, HEAD + EXEC)


def written(directory: Path, text: str | bytes) -> Path:
    path = directory / "prog.py"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


@pytest.mark.kernel
def test_run_prints_records_below_a_header_and_sums_up(program: Path) -> None:
    shows_records(program)


@pytest.mark.kernel
def test_run_labels_the_lines_of_several_streams(tmp_path: Path) -> None:
    second = """
class Size(Struct):
    filler: u32

sizes = RingBuf[Size](4096)

@tracepoint("sched:sched_process_exit")
def on_exit() -> None:
    with sizes.reserve() as s:
        s.filler = 7
"""
    with running("run", "--json", written(tmp_path, HEAD + EXEC + second)) as command:
        assert command.error_line() == "kring: running on_exec, on_exit; Ctrl-C ends"
        pid = spawn("/bin/true")
        line = json.loads(command.line(f'"pid": {pid},'))
        assert line == {"stream": "events", "record": {"pid": pid, "comm": "true"}}
        assert json.loads(command.line("sizes")) == {"stream": "sizes", "record": {"filler": 7}}
        _, error = command.stop()
    assert re.fullmatch(r"events: \d+ events, 0 lost\nsizes: \d+ events, 0 lost\n", error)


def test_run_in_the_vm_is_fed_from_proc(program: Path) -> None:
    with running("run", "--vm", program) as command:
        command.error_line()
        # Long enough to be seen in /proc.
        pid = spawn("/bin/sleep", "0.3")
        assert command.line(f"{pid} ") == f"{pid:<8} sleep"


def test_run_in_the_vm_says_when_nothing_feeds_it(tmp_path: Path) -> None:
    path = written(tmp_path, HEAD + EXEC.replace("process_exec", "process_exit"))
    done = kring("run", "--vm", path)
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == (
        "kring: nothing feeds sched:sched_process_exit in the VM: only sched:sched_process_exec"
        " happens there\n"
    )


def test_run_imports_the_file_as_a_module_with_its_arguments(tmp_path: Path) -> None:
    (tmp_path / "beside.py").write_text("HERE = 'found'")
    show = "import beside, sys\nprint(__name__, sys.argv[1:], beside.HERE)\nraise SystemExit(3)\n"
    done = kring("run", written(tmp_path, show), "--", "--json", "x")
    assert (done.stdout, done.returncode) == ("prog ['--json', 'x'] found\n", 3)


def test_programs_are_found_once_and_in_order(tmp_path: Path) -> None:
    text = HEAD + EXEC + EXEC.replace("on_exec", "again") + "same = on_exec\n"
    assert [p.name for p in programs_in(str(written(tmp_path, text)))] == ["on_exec", "again"]


@pytest.mark.parametrize("verb", ["run", "check", "build", "dump"])
def test_a_file_that_is_not_there(verb: str, tmp_path: Path) -> None:
    done = kring(verb, "nowhere.py", cwd=tmp_path)
    assert done.returncode == 1
    assert done.stderr == "kring: nowhere.py: No such file or directory\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x = 1\n", "no program in prog.py: mark a function at module level"),
        ("def f(:\n", '  File "prog.py", line 1\n    def f(:\n          ^\nSyntaxError: '),
        (b"\x7fELV\x00\x01", "prog.py is not Python:\nsource code"),
        ("import nothing_of_this_name\n", '  File "prog.py", line 1, in <module>\n'),
        (HEAD + "RingBuf[Exec](5000)\n", '  File "prog.py", line 9, in <module>\n'),
        (HEAD + NO_FIELD, '  File "prog.py", line 13\n    e.pit = current.pid\n'),
    ],
    ids=["no program", "syntax", "no text", "import", "declaration", "compile error"],
)
def test_a_file_at_fault_is_shown_without_our_frames(
    text: str | bytes, said: str, tmp_path: Path
) -> None:
    written(tmp_path, text)
    done = kring("run", "--vm", "prog.py", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert said in done.stderr
    assert "/kring/" not in done.stderr


def test_ctrl_c_before_anything_runs_is_quiet(tmp_path: Path) -> None:
    stop = "import signal\nsignal.raise_signal(signal.SIGINT)\n"
    done = kring("run", "--vm", written(tmp_path, stop + HEAD + EXEC))
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


@pytest.mark.kernel
def test_check_shows_the_verdict(program: Path) -> None:
    done = kring("check", program)
    assert done.returncode == 0, done.stderr
    head, row = (line.split() for line in done.stdout.splitlines())
    assert head == ["PROGRAM", "SECTION", "VERDICT", "SLOTS", "PROCESSED"]
    assert row[:3] == ["on_exec", "tracepoint/sched/sched_process_exec", "ok"]
    assert all(int(number) > 10 for number in row[3:])
    (found,) = json.loads(kring("check", "--json", program).stdout)
    assert [found["slots"], found["processed"]] == [int(number) for number in row[3:]]


def test_check_goes_on_after_a_program_that_fails(tmp_path: Path) -> None:
    path = written(tmp_path, HEAD + NO_FIELD.replace("on_exec", "wrong") + EXEC)
    done = kring("check", "--vm", path)
    assert done.returncode == 1
    rows = [re.split(" {2,}", line) for line in done.stdout.splitlines()]
    assert [(row[0], row[2]) for row in rows[1:]] == [
        ("wrong", "does not compile"),
        ("on_exec", "ok"),
    ]
    assert f'File "{path}", line 13' in done.stderr
    assert "no field 'pit'" in done.stderr


def test_every_error_is_shown_with_its_place(tmp_path: Path) -> None:
    two = NO_FIELD + "        e.comm = current.com\n" + NO_FIELD.replace("on_exec", "other")
    for verb in ("build", "run", "check"):
        done = kring(verb, *(["--vm"] if verb != "build" else []), written(tmp_path, HEAD + two))
        assert done.returncode == 1
        assert "Traceback" not in done.stderr
        assert len(re.findall(r"^ +\^+$", done.stderr, re.M)) == 3, done.stderr
        lines = re.findall(r"line (\d+)$", done.stderr, re.M)
        assert lines == sorted(lines, key=int)
    assert kring("build", written(tmp_path, HEAD + two)).stderr.endswith("\n3 errors\n")


def test_the_verifiers_log_is_shown_on_request() -> None:
    error = VerifierError("refused", log="0: (95) exit\nR0 !read_ok\n")
    assert error_text(error) == "kring: refused"
    assert error_text(error, log=True) == "kring: refused\n\n0: (95) exit\nR0 !read_ok"
    for verb in ("run", "check"):
        assert "--verifier-log" in kring(verb, "--help").stdout


@pytest.mark.kernel
def test_types_from_a_file(program: Path) -> None:
    assert kring("check", "--btf", "/sys/kernel/btf/vmlinux", program).returncode == 0
    task = "class Parent(Struct):\n    pid: u32\nparents = RingBuf[Parent](4096)\n" + EXEC.replace(
        "events", "parents"
    ).replace("e.pid = current.pid", "e.pid = current.task.real_parent.tgid").replace(
        "        e.comm = current.comm\n", ""
    )
    path = written(program.parent, HEAD + task)
    done = kring("check", "--btf", "/nowhere", path)
    assert done.returncode == 1
    assert "/nowhere: No such file or directory" in done.stderr


def test_build_writes_an_elf_beside_the_file(program: Path) -> None:
    done = kring("build", program)
    target = program.with_name("prog.bpf.o")
    assert done.stdout == f"{target}: programs on_exec; maps events, kring_drops\n"
    assert target.read_bytes()[:4] == b"\x7fELF"
    other = program.with_name("other.o")
    said = json.loads(kring("build", "--json", program, "-o", other).stdout)
    assert said == {
        "object": str(other), "programs": ["on_exec"], "maps": ["events", "kring_drops"]
    }  # fmt: skip
    assert other.read_bytes() == target.read_bytes()


def test_build_declares_structs_in_other_languages(program: Path) -> None:
    done = kring("build", program, "--gen", "c,go,rust,python")
    names = ["prog.bpf.o", "prog.h", "prog.go", "prog.rs", "prog_types.py"]
    assert [line.partition(": ")[0] for line in done.stdout.splitlines()] == [
        str(program.with_name(name)) for name in names
    ]
    assert "struct Exec {" in program.with_name("prog.h").read_text()
    theirs = {name: program.with_name(name).read_text() for name in names[1:]}
    # An object, whoever made it, has the same.
    done = kring("build", program.with_name("prog.bpf.o"), "--gen", "go,c", "--gen", "c", "--json")
    said = json.loads(done.stdout)
    assert said["object"] is None
    assert said["declarations"] == [str(program.with_name(name)) for name in ("prog.go", "prog.h")]
    assert program.with_name("prog.h").read_text() == theirs["prog.h"].replace(
        "prog.py", "prog.bpf.o"
    )


def test_build_overwrites_nothing_of_the_users(program: Path) -> None:
    program.with_name("prog.h").write_text("int mine;\n")
    done = kring("build", program, "--gen", "c")
    assert (done.returncode, done.stdout) == (1, "")
    assert "prog.h is there, and `kring build --gen` did not make it" in done.stderr
    assert not program.with_name("prog.bpf.o").exists()
    done = kring("build", program, "-o", program)
    assert (done.returncode, program.read_text()) == (1, HEAD + EXEC)
    assert "is the file that it is built from" in done.stderr


def test_build_of_what_it_cannot(program: Path) -> None:
    kring("build", program)
    done = kring("build", program.with_name("prog.bpf.o"))
    assert "is an object already" in done.stderr
    done = kring("build", program, "--gen", "c,rusty")
    assert done.returncode == 2
    known = "which are c, go, rust, python, lisp"
    assert f"'rusty' is no language here, {known}. Did you mean 'rust'?" in done.stderr
    done = kring("build", program, "-o", program.parent)
    assert done.stderr == f"kring: {program.parent}: Is a directory\n"
    done = kring("build", program, "-o", "/nowhere/x.bpf.o")
    assert done.stderr == "kring: /nowhere/x.bpf.o: No such file or directory\n"


def test_dump_shows_bytecode_under_its_source(program: Path) -> None:
    from kring.build import build

    text = kring("dump", "--asm", program).stdout
    assert "; prog.py:13: e.pid = current.pid\n    call 14" in text
    assert "; get_current_pid_tgid\n" in text
    assert "; map events\n" in text
    (built,) = build(*programs_in(str(program))).programs
    parsed = bytearray(encode(parse(text)))
    assert len(parsed) == len(built.code)
    assert bytes(parsed) == built.code


def test_dump_as_json_has_the_same_text(program: Path) -> None:
    shown = json.loads(kring("dump", program, "--json").stdout)
    assert [one["program"] for one in shown] == ["on_exec"]
    assert shown[0]["text"].strip() == kring("dump", program).stdout.strip()


@pytest.mark.kernel
def test_check_misses_a_tracepoint_that_is_not_there(tmp_path: Path) -> None:
    text = (HEAD + EXEC).replace("sched:sched_process_exec", "sched:sched_process_exce")
    done = kring("check", written(tmp_path, text))
    assert done.returncode == 1
    assert "Did you mean sched:sched_process_exec?" in done.stderr


def test_build_says_which_objects_other_loaders_cannot_load(tmp_path: Path) -> None:
    text = (
        HEAD.replace("import", "import TracepointArgs, i64,", 1)
        + """
class Exit(TracepointArgs):
    fd: i64

@tracepoint("syscalls:sys_enter_close")
def on_exit(ctx: Exit) -> None:
    with events.reserve() as e:
        e.pid = ctx.fd
"""
    )
    done = kring("build", written(tmp_path, text), "-o", tmp_path / "x.bpf.o")
    assert done.returncode == 0
    assert "tracefs" in done.stderr
    event = tmp_path / "events/syscalls/sys_enter_close"
    event.mkdir(parents=True)
    (event / "format").write_text("\tfield:unsigned int fd;\toffset:16;\tsize:8;\tsigned:0;\n")
    path = tmp_path / "prog.py"
    done = kring("build", path, "-o", tmp_path / "y.bpf.o", "--tracefs", tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    ours, baked = (
        from_elf((tmp_path / name).read_bytes(), "x").program("on_exit")
        for name in ("x.bpf.o", "y.bpf.o")
    )
    assert (len(ours.core), len(baked.core)) == (1, 0)
    assert "+16]" in format_insns(decode(baked.code))
    (event / "format").write_text("\tfield:unsigned int other;\toffset:16;\tsize:8;\tsigned:0;\n")
    done = kring("build", path, "-o", tmp_path / "y.bpf.o", "--tracefs", tmp_path)
    assert "syscalls:sys_enter_close has no field 'fd'" in done.stderr
    done = kring("build", path, "-o", tmp_path / "y.bpf.o", "--tracefs", "/nowhere")
    assert done.stderr.startswith("kring: /nowhere is no tracefs: it has no directory of events")


def test_dump_shows_intermediate_code_of_any_stage(program: Path) -> None:
    text = kring("dump", "--ir", program).stdout
    assert "  # prog.py:13: e.pid = current.pid\n" in text
    comments = re.compile(r"^ *#.*\n", re.M)
    assert print_fn(parse_fn(text)) == comments.sub("", text)
    first = kring("dump", "--stage", "built", program).stdout
    assert len(first.splitlines()) >= len(text.splitlines())
    done = kring("dump", "--stage", "nonsense", program)
    assert done.returncode == 1
    assert done.stderr.startswith("no stage 'nonsense' changed anything; there were: built, ")


@pytest.mark.kernel
def test_doctor_says_whether_live_events_are_possible() -> None:
    done = kring("doctor")
    assert done.returncode == 0, done.stdout
    rows = json.loads(kring("doctor", "--json").stdout)
    assert rows[-1] == {"name": "live events", "ok": True, "found": "kring exec works", "cure": ""}
    names = {row["name"] for row in rows}
    assert {"system", "bpf(2)", "capabilities", "kernel BTF", "tracefs", "JIT"} <= names
    assert [line.split("  ")[0] for line in done.stdout.splitlines()[1:]] == [
        row["name"] for row in rows
    ]


def test_doctor_fails_where_they_are_not() -> None:
    done = kring("doctor", "--btf", "/nowhere")
    assert done.returncode == 1
    assert "NO" in done.stdout.splitlines()[-1]
