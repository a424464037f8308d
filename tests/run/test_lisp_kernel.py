"""Lisp programs that look into the kernel: fields of tracepoints and of structs, user memory."""

from __future__ import annotations

import ctypes
import json
import os
import resource
import struct
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from foreign import foreign

import kring
from kring import (
    Kernel,
    Object,
    Program,
    RingBuf,
    Struct,
    TracepointArgs,
    Vm,
    build,
    current,
    i32,
    load,
    raw_tracepoint,
    tracepoint,
    u32,
)
from kring.btf.blob import Btf
from kring.build import compile_all
from kring.errors import CompileError
from kring.frontend.kernel import Facts
from kring.frontend.lisp.toplevel import programs_of
from kring.run.btf import kernel_btf
from kring.run.vm.task import Task
from peers import tool

EXAMPLE = Path(__file__).parents[2] / "examples" / "exec_snoop.lisp"
Build = Callable[..., Object]


@pytest.fixture
def facts() -> Iterator[Facts]:
    """What the running kernel says."""
    runtime = Kernel().open(Object("facts", ()))
    yield runtime
    runtime.close()


@pytest.fixture
def made(tmp_path: Path) -> Build:
    """What builds the text of a file."""

    def of(text: str, facts: Facts | None = None) -> Object:
        path = tmp_path / f"{len(list(tmp_path.iterdir()))}.lisp"
        path.write_text(text)
        return compile_all(programs_of(text, str(path), facts), facts)[0]

    return of


def only(values: list[Any]) -> Any:
    (value,) = values
    return value


EXECS = """
(deftracepoint sched/sched-process-exec %s)
(defstruct seen (pid u32) (place u32) (name (array char 32)) (again (array char 32)))
(defmap events :type :ringbuf :max-entries 4096)
(defprog on-exec (:type :tracepoint :section "tracepoint/sched/sched_process_exec")
  (let ((e (make-seen)))
    (setf (seen-pid e) (tp-pid)
          (seen-place e) (tp-filename))
    (tp-filename-str (seen-name-ptr e) 32)
    (probe-read-kernel-str (seen-again-ptr e) 32 (tp-filename-ptr))
    (ringbuf-output events e (sizeof seen) 0)))
"""
DECLARED = "(pid u32) (filename data-loc)"


@pytest.mark.kernel
def test_fields_of_a_tracepoint(made: Build, facts: Facts) -> None:
    obj = made(EXECS % "pid filename", facts)
    with load(obj) as s:
        child = subprocess.Popen(["/usr/bin/true"])
        child.wait()
        seen = only([one for one in s.maps["events"].poll(1) if one.pid == child.pid])
    assert seen.name == seen.again == "/usr/bin/true"
    assert seen.place >> 16 == len("/usr/bin/true") + 1
    for fields in ("", "(pid i32) filename", DECLARED):
        assert made(EXECS % fields, facts).programs[0].code == obj.programs[0].code


def test_an_address_that_is_added_to_a_field_of_its_own_is_noted() -> None:
    text = """
(import-kernel-struct task-struct (comm (array char 16)))
(defprog p (:section "raw_tp")
  (let ((own (struct-alloc 16)) (task (get-current-task)))
    (probe-read-kernel own 16 %s)))"""
    twice = text % "(+ task (task-struct-comm task))"
    (note,) = compile_all(programs_of(twice, "x.lisp"))[1].notes
    assert note.startswith("x.lisp:5:31: this adds an address twice")
    assert not compile_all(programs_of(text % "(task-struct-comm task)", "x.lisp"))[1].notes


def test_fields_that_are_declared_need_no_kernel(made: Build) -> None:
    with load(made(EXECS % DECLARED), on=Vm()) as s:
        runtime: Any = s._runtime  # pyright: ignore[reportPrivateUsage]
        runtime.fire("sched:sched_process_exec", {"pid": 77, "filename": "/bin/sh"})
        seen = only(s.maps["events"].poll(0))
    assert (seen.pid, seen.name) == (77, "/bin/sh")


def test_a_text_may_lie_far_behind_the_fields(made: Build) -> None:
    text = EXECS.replace("(setf", "(setf (seen-pid e) (tp-before)")
    with load(made(text % ("(before data-loc)" + DECLARED)), on=Vm()) as s:
        runtime: Any = s._runtime  # pyright: ignore[reportPrivateUsage]
        fields = {"pid": 77, "before": "x" * 700, "filename": "/bin/sh"}
        runtime.fire("sched:sched_process_exec", fields)
        seen = only(s.maps["events"].poll(0))
    assert seen.name == seen.again == "/bin/sh"
    assert seen.place & 0xFFFF > 700


@pytest.mark.kernel
def test_the_example_shows_programs_that_start() -> None:
    obj = kring.open(EXAMPLE)
    with load(obj) as s:
        child = subprocess.Popen(["/usr/bin/true"])
        child.wait()
        seen = only([one for one in s.maps["events"].poll(1) if one.pid == child.pid])
        assert s.maps["events"].dropped == 0
    assert (seen.ppid, seen.comm, seen.filename) == (os.getpid(), "true", "/usr/bin/true")


BOTH_ENDS = """
(deftracepoint sched/sched-process-exec pid)
(deftracepoint sched/sched-process-exit pid (prio i32))
(defmap begun :type :lru-hash :key-size 4 :value-size 4 :max-entries 4096)
(defmap ended :type :lru-hash :key-size 4 :value-size 8 :max-entries 4096)
(defprog begin (:type :tracepoint :section "tracepoint/sched/sched_process_exec")
  (setf (getmap begun (tp-pid)) 1))
(defprog end (:type :tracepoint :section "tracepoint/sched/sched_process_exit")
  (setf (getmap ended (tp-pid)) (tp-prio)))
"""


@pytest.mark.kernel
def test_a_field_is_that_of_the_programs_own_tracepoint(made: Build, facts: Facts) -> None:
    obj = made(BOTH_ENDS, facts)
    with load(obj) as s:
        child = subprocess.Popen(["/usr/bin/true"])
        child.wait()
        assert s.maps["begun"][child.pid] == 1
        assert s.maps["ended"][child.pid] == 120
    with load(obj, on=Vm(), attach=True) as s:
        runtime: Any = s._runtime  # pyright: ignore[reportPrivateUsage]
        runtime.fire("sched:sched_process_exit", {"pid": 5, "prio": -1})
        assert dict(s.maps["ended"].items()) == {5: 0xFFFFFFFF}


OPENS = """
(deftracepoint syscalls/sys-enter-openat dfd filename flags)
(deftracepoint raw-syscalls/sys-enter id args)
(deftracepoint syscalls/sys-exit-openat ret)
(defstruct seen (who u32) (ret u32) (flags u64) (again u64) (third u64) (name (array char 32)))
(defmap events :type :ringbuf :max-entries 65536)
(defmap watched :type :array :key-size 4 :value-size 4 :max-entries 1)
(defprog typed (:type :tracepoint :section "tracepoint/syscalls/sys_enter_openat")
  (when (= (getmap watched 0) (>> (get-current-pid-tgid) 32))
    (let ((e (make-seen)))
      (setf (seen-who e) 1 (seen-flags e) (tp-flags))
      (probe-read-user-str (seen-name-ptr e) 32 (tp-filename))
      (ringbuf-output events e (sizeof seen) 0))))
(defprog raw (:type :tracepoint :section "tracepoint/raw_syscalls/sys_enter")
  (when (and (= (tp-id) 257) (= (getmap watched 0) (>> (get-current-pid-tgid) 32)))
    (let ((e (make-seen)))
      (setf (seen-who e) 2
            (seen-flags e) (tp-args 2)
            (seen-third e) (kernel-load u64 (tp-args-ptr) 16)
            (seen-again e) (kernel-load u64 (+ (tp-args) 16)))
      (probe-read-user-str (seen-name-ptr e) 32 (tp-args 1))
      (ringbuf-output events e (sizeof seen) 0))))
(defprog done (:type :tracepoint :section "tracepoint/syscalls/sys_exit_openat")
  (when (= (getmap watched 0) (>> (get-current-pid-tgid) 32))
    (let ((e (make-seen)))
      (setf (seen-who e) 3 (seen-ret e) (tp-ret))
      (ringbuf-output events e (sizeof seen) 0))))
"""


@pytest.mark.kernel
def test_arguments_of_system_calls(made: Build, facts: Facts, tmp_path: Path) -> None:
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
    root = os.open(tmp_path, os.O_PATH)
    with load(made(OPENS, facts)) as s:
        s.maps["watched"][0] = os.getpid()
        fd = os.open("f", flags, dir_fd=root)
        s.maps["watched"][0] = 0
        seen = {one.who: one for one in s.maps["events"].poll(1)}
    os.close(fd)
    os.close(root)
    assert seen[1].name == seen[2].name == "f"
    assert {seen[1].flags, seen[2].flags, seen[2].again, seen[2].third} == {flags}
    assert seen[3].ret == fd


NAMED = """
(import-kernel-struct task-struct
  tgid comm real-parent cred mm se signal start-time policy sched-reset-on-fork)
(import-kernel-struct cred uid)
(import-kernel-struct kuid-t val)
(import-kernel-struct mm-struct arg-start arg-end)
(import-kernel-struct sched-entity load)
(import-kernel-struct load-weight weight)
(import-kernel-struct signal-struct rlim oom-score-adj)
(import-kernel-struct rlimit rlim-cur)
"""
TYPED = """
(import-kernel-struct task-struct
  (tgid u32) (comm (array char 16)) (real-parent (ptr task-struct)) (cred (ptr cred))
  (mm (ptr mm-struct)) (se (struct sched-entity)) (signal (ptr signal-struct))
  (start-time u64) (policy u32) (sched-reset-on-fork (bits u32 1)))
(import-kernel-struct cred (uid (struct kuid-t)))
(import-kernel-struct kuid-t (val u32))
(import-kernel-struct mm-struct (arg-start u64) (arg-end u64))
(import-kernel-struct sched-entity (load (struct load-weight)))
(import-kernel-struct load-weight (weight u64))
(import-kernel-struct signal-struct (rlim (array (struct rlimit) 16)) (oom-score-adj u16))
(import-kernel-struct rlimit (rlim-cur u64))
"""
WALK = """
(defstruct found
  (tgid u32) (ppid u32) (uid u32) (policy u32) (size u64) (weight u64) (words u64) (start u64)
  (files u64) (reset u32) (oom u32) (again u32) (third u32) (root u32) (comm (array char 16)))
(defmap out :type :ringbuf :max-entries 4096)
(defprog walk (:type :raw-tracepoint :section "raw_tp/sys_enter")
  (let ((task (%s)) (e (make-found)))
    (let ((parent (task-struct-real-parent task))
          (signal (task-struct-signal task)))
      (setf (found-tgid e) (task-struct-tgid task)
            (found-ppid e) (task-struct-tgid parent)
            (found-uid e) (kuid-t-val (cred-uid (task-struct-cred task)))
            (found-policy e) (task-struct-policy task)
            (found-size e) +task-struct-size+
            (found-weight e) (load-weight-weight (sched-entity-load (task-struct-se task)))
            (found-words e) (- (mm-struct-arg-end (task-struct-mm task))
                               (mm-struct-arg-start (task-struct-mm task)))
            (found-start e) (task-struct-start-time task)
            (found-files e) (rlimit-rlim-cur (as-rlimit (+ 112 (signal-struct-rlim signal))))
            (found-reset e) (task-struct-sched-reset-on-fork task)
            (found-oom e) (signal-struct-oom-score-adj signal)
            (found-again e) (core-load u32 task 20 task-struct tgid)
            (found-third e) (task-struct-tgid
                             (as-task-struct (kernel-load u64 (stack-addr parent)))))
      (dotimes (i 64)
        (unless (= (task-struct-tgid parent) 1)
          (setf parent (task-struct-real-parent parent))))
      (setf (found-root e) (task-struct-tgid parent)))
    (probe-read-kernel-str (found-comm-ptr e) 16 (task-struct-comm task))
    (ringbuf-output out e (sizeof found) 0)))
"""
TASKS = pytest.mark.parametrize("task", ["get-current-task", "get-current-task-btf"])


@pytest.mark.kernel
@TASKS
def test_fields_of_the_task_are_what_proc_says(task: str, made: Build, facts: Facts) -> None:
    found: list[Any] = []

    def child() -> None:
        Path("/proc/thread-self/comm").write_text("walker")
        os.sched_setscheduler(0, os.SCHED_BATCH | os.SCHED_RESET_ON_FORK, os.sched_param(0))
        with load(made(NAMED + WALK % task, facts), attach=False) as s:
            s.programs["walk"].run()
            found.extend(s.maps["out"].poll(1))

    thread = threading.Thread(target=child)
    thread.start()
    thread.join()
    one = only(found)
    assert (one.tgid, one.again, one.comm) == (os.getpid(), os.getpid(), "walker")
    assert (one.ppid, one.third) == (os.getppid(), os.getppid())
    assert (one.uid, one.policy, one.reset, one.root) == (os.getuid(), os.SCHED_BATCH, 1, 1)
    assert (one.words, one.weight) == (len(Path("/proc/self/cmdline").read_bytes()), 1 << 20)
    assert one.files == resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    assert one.oom == int(Path("/proc/self/oom_score_adj").read_text()) % (1 << 16)
    types = kernel_btf()
    assert types is not None
    id = types.find("task_struct")
    assert id is not None
    assert one.size == types.size(id)


@pytest.mark.kernel
def test_a_pointer_to_one_struct_or_another_is_read_as_what_it_is_taken_for(made: Build) -> None:
    text = """
        (import-kernel-struct task-struct tgid mm real-parent)
        (import-kernel-struct mm-struct arg-start)
        (defmap flags :type :array :key-size 4 :value-size 4 :max-entries 1)
    """ + program(
        """(let* ((task (get-current-task-btf))
                  (mm (task-struct-mm task))
                  (at (if (getmap flags 0) task mm)))
             (if (getmap flags 0)
                 (task-struct-tgid at)
                 (= (mm-struct-arg-start at) (mm-struct-arg-start mm))))"""
    )
    with load(made(text), attach=False) as s:
        assert s.programs["p"].run().value == 1
        s.maps["flags"][0] = 1
        assert s.programs["p"].run().value == os.getpid()


COMPUTED = """
(import-kernel-struct task-struct comm real-parent)
(defstruct low (address u32) (again u64))
(defmap m :type :hash :key-size 8 :value-size 8 :max-entries 8)
(defmap n :type :array :key-size 4 :value-size 4 :max-entries 1)
(defprog p (:type :raw-tracepoint :section "raw_tp/x")
  (let ((typed (get-current-task-btf)) (bare (get-current-task)) (l (make-low)))
    (setf (low-address l) typed
          (low-again l) typed
          (getmap m typed) 1
          (getmap m 2) (task-struct-real-parent typed)
          (getmap n 0) typed)
    (and (= (>> typed 4) (>> bare 4)) (= (* 3 typed) (* 3 bare)) (= (- typed bare) 0)
         (= (cast u32 typed) (low-address l)) (= (low-again l) bare) (= (getmap m bare) 1)
         (= (getmap m 2) (task-struct-real-parent bare)) (= (getmap n 0) (cast u32 bare))
         (= (kernel-load u8 (task-struct-comm typed) (get-smp-processor-id))
            (kernel-load u8 (task-struct-comm bare) (get-smp-processor-id)))
         (= (+ typed (get-smp-processor-id)) (+ bare (get-smp-processor-id))))))
"""


@pytest.mark.parametrize("on", [pytest.param(Kernel(), marks=pytest.mark.kernel), Vm()])
def test_pointers_whose_type_is_known_are_numbers_too(on: Any, made: Build) -> None:
    with load(made(COMPUTED), on=on, attach=False) as s:
        assert s.programs["p"].run().value == 1


def test_a_loop_does_not_go_on_to_another_struct(made: Build) -> None:
    text = """
        (import-kernel-struct task-struct tgid mm real-parent)
    """ + program(
        """(let ((at (get-current-task-btf)) (sum 0))
             (dotimes (i 2)
               (incf sum (task-struct-tgid at))
               (setf at (task-struct-mm at)))
             sum)"""
    )
    with pytest.raises(CompileError, match="at is a pointer to an object of the kernel on one"):
        made(text)
    with load(made(text.replace("-btf", "")), on=Vm(), attach=False) as s:
        s.programs["p"].run()


def test_fields_that_come_with_kring_need_no_kernel(made: Build) -> None:
    text = "(import-kernel-struct task-struct tgid real-parent comm)" + program(
        """(let ((task (get-current-task)))
             (+ (task-struct-tgid (task-struct-real-parent task))
                (* 256 (kernel-load u8 (task-struct-comm task) 1))))"""
    )
    vm = Vm(task=Task(ppid=9, comm="ab"))
    with load(made(text), on=vm, attach=False) as s:
        assert s.programs["p"].run().value == 9 + 256 * ord("b")


@TASKS
def test_the_vm_has_a_task_too(task: str, made: Build) -> None:
    more = {
        "se": {"load": {"weight": 77}},
        "mm": {"arg_start": 4, "arg_end": 14},
        "policy": 3,
        "sched_reset_on_fork": 1,
        "signal": {"rlim": [{"rlim_cur": 9}] * 16, "oom_score_adj": 65000},
        "start_time": 5,
    }
    vm = Vm(task=Task(pid=7, tid=8, ppid=9, comm="lisp", uid=1000, more=more))
    with load(made(TYPED + WALK % task), on=vm, attach=False) as s:
        s.programs["walk"].run()
        one = only(s.maps["out"].poll(0))
    assert (one.tgid, one.ppid, one.uid, one.policy, one.reset) == (7, 9, 1000, 3, 1)
    assert (one.weight, one.words, one.start, one.oom, one.files) == (77, 10, 5, 65000, 9)
    assert (one.again, one.third, one.comm) == (7, 9, "lisp")


@pytest.mark.kernel
@TASKS
def test_structs_in_an_open_array(task: str, made: Build, facts: Facts) -> None:
    text = """
        (import-kernel-struct task-struct thread-pid)
        (import-kernel-struct pid level numbers)
        (import-kernel-struct upid nr)
    """ + program(
        f"""(let ((pid (task-struct-thread-pid ({task}))))
             (+ (* 65536 (upid-nr (pid-numbers pid)))
                (upid-nr (+ (pid-numbers pid) (* (pid-level pid) +upid-size+)))))"""
    )
    inside = next(
        line.split()[1:]
        for line in Path("/proc/thread-self/status").read_text().splitlines()
        if line.startswith("NSpid")
    )
    with load(made(text, facts), attach=False) as s:
        found = s.programs["p"].run().value
    assert found % 65536 == int(inside[-1]) % 65536
    assert len(inside) > 1 or found >> 16 == int(inside[0]) % 65536


@pytest.mark.kernel
def test_a_union_has_a_size(made: Build, facts: Facts) -> None:
    text = "(import-kernel-struct bpf-attr map-fd)" + program("+bpf-attr-size+")
    types = kernel_btf()
    assert types is not None
    with load(made(text, facts), attach=False) as s:
        assert s.programs["p"].run().value == types.size(types.find("bpf_attr") or 0)


OTHER = """
(import-kernel-struct task-struct tgid (real-parent (ptr task-struct)) cred mm
  (signal (ptr signal-struct)))
(import-kernel-struct cred (uid (struct kuid-t)))
(import-kernel-struct kuid-t (val u32))
(import-kernel-struct mm-struct arg-start)
(import-kernel-struct signal-struct (is-child-subreaper (bits u32 1)) (oom-score-adj i16)
  (rlim (array (struct rlimit) 16)))
(import-kernel-struct rlimit (rlim-cur u64))
(defmap out :type :array :key-size 4 :value-size 8 :max-entries 8)
(defprog p (:type :raw-tracepoint :section "raw_tp/x")
  (let* ((task (%s)) (signal (task-struct-signal task)))
    (setf (getmap out 0) (task-struct-tgid (task-struct-real-parent task))
          (getmap out 1) (kuid-t-val (cred-uid (task-struct-cred task)))
          (getmap out 2) (mm-struct-arg-start (task-struct-mm task))
          (getmap out 3) (signal-struct-is-child-subreaper signal)
          (getmap out 4) (signal-struct-oom-score-adj signal)
          (getmap out 5) (rlimit-rlim-cur (signal-struct-rlim signal))
          (getmap out 6) +signal-struct-size+)
    0))
"""


@TASKS
def test_fields_are_found_in_another_kernels_layout(task: str, made: Build, tmp_path: Path) -> None:
    types = tmp_path / "vmlinux"
    types.write_bytes(foreign())
    more = {
        "mm": {"arg_start": 1 << 40},
        "signal": {"is_child_subreaper": 1, "oom_score_adj": -2, "rlim": [{"rlim_cur": 9}] * 16},
    }
    vm = Vm(task=Task(pid=7, tid=8, ppid=9, uid=1000, more=more), btf=str(types))
    size = Btf(foreign()).size(Btf(foreign()).find("signal_struct") or 0)
    with load(made(OTHER % task), on=vm, attach=False) as s:
        s.programs["p"].run()
        found = [s.maps["out"][n] for n in range(7)]
    assert found == [9, 1000, 1 << 40, 1, 0xFFFE, 9, size]


@pytest.mark.peer
@pytest.mark.kernel
def test_libbpf_finds_the_same_fields(
    made: Build, facts: Facts, tmp_path: Path, pins: Path
) -> None:
    texts = [EXECS % "", EXECS % DECLARED, *(
        imports + WALK % f"get-current-task{btf}"
        for imports in (NAMED, TYPED) for btf in ("", "-btf")
    )]  # fmt: skip
    pins.mkdir()
    for number, text in enumerate(texts):
        obj = made(text, facts)
        path, pin = tmp_path / f"{number}.bpf.o", pins / str(number)
        obj.write(str(path))
        command = [tool("bpftool"), "-j", "prog"]
        done = subprocess.run([*command, "load", path, pin], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr + done.stdout
        shown = subprocess.run([*command, "show", "pinned", pin], capture_output=True, check=True)
        with load(obj, attach=False) as s:
            (program,) = s.programs.values()
            assert json.loads(shown.stdout)["tag"] == program.info().tag


LISTS = """
(defstruct pair (a u32) (b u64))
(defstruct out (sum u64) (pairs u64) (last u32) (rounds u32) (null u32) (bytes u64))
(defmap result :type :array :key-size 4 :value-type out :max-entries 1)
(defprog lists (:type :syscall :section "syscall")
  (let ((o (make-out)))
    (do-user-array (v u32 (load u64 (ctx-ptr) 0) (load u64 (ctx-ptr) 8) 16 :index i)
      (incf (out-sum o) (* v (+ i 1))))
    (do-user-array (v pair (load u64 (ctx-ptr) 16) 3 5)
      (incf (out-pairs o) (+ (pair-a v) (pair-b v)))
      (setf (out-last o) (pair-a v)))
    (do-user-array (v u8 (load u64 (ctx-ptr) 0) 100 4)
      (setf (out-bytes o) (logior (<< (out-bytes o) 8) v)))
    (do-user-ptrs (p (load u64 (ctx-ptr) 24) 4 8 :index i)
      (incf (out-rounds o) (user-load u32 p 4))
      (setf (out-null o) (+ (* 10 (out-null o)) i)))
    (setf (getmap result 0) o)
    0))
"""


@pytest.mark.kernel
def test_arrays_in_user_memory(made: Build) -> None:
    numbers = (ctypes.c_uint32 * 5)(0x0102, 2, 3, 4, 1000)
    given = struct.pack("<" + "IxxxxQ" * 4, 1, 10, 2, 20, 3, 1 << 40, 7, 7)
    pairs = ctypes.create_string_buffer(given)
    at = ctypes.addressof(numbers)
    pointers = (ctypes.c_uint64 * 5)(at, 0, at + 4, at + 8, at)
    args = struct.pack("<4Q", at, 4, ctypes.addressof(pairs), ctypes.addressof(pointers))
    with load(made(LISTS), attach=False) as s:
        assert s.programs["lists"].run(ctx=args).value == 0
        found = s.maps["result"][0]
    assert found.sum == 0x0102 + 4 + 9 + 16
    assert (found.pairs, found.last) == (1 + 2 + 3 + 10 + 20 + (1 << 40), 3)
    assert found.bytes == 0x02010000
    assert (found.rounds, found.null) == (2 + 3 + 4, 23)


MARKED = """
(import-kernel-struct __sk-buff (mark u32))
(defmap result :type :array :key-size 4 :value-size 8 :max-entries 4)
(defprog marked (:type :tc :section "tc")
  (core-store u32 (ctx-ptr) 8 77 __sk-buff mark)
  (setf (getmap result 0) (core-ctx-load u32 0 __sk-buff len)
        (getmap result 1) (core-load u32 (ctx-ptr) 8 __sk-buff mark)
        (getmap result 2) (core-load u32 (ctx-ptr) 84 __sk-buff napi-id)
        (getmap result 3) (__sk-buff-mark (ctx-ptr)))
  (core-ctx-load u32 8 __sk-buff mark))
"""


@pytest.mark.parametrize("on", [pytest.param(Kernel(), marks=pytest.mark.kernel), Vm()])
def test_records_made_by_hand(on: Any, made: Build) -> None:
    with load(made(MARKED), on=on, attach=False) as s:
        assert s.programs["marked"].run(data=bytes(60)).value == 77
        assert [s.maps["result"][n] for n in range(4)] == [60, 77, 0, 77]


CHOSEN = """
(eval-when (:compile-toplevel :load-toplevel :execute)
  (handler-case
      (if (probe-file "/sys/kernel/tracing/events/sched/sched_process_exec/format")
          (eval '(progn (deftracepoint sched/sched-process-exec old-pid)))
          (defmacro tp-old-pid () '(ctx u32 16)))
    (error (e) (defmacro tp-old-pid () '(ctx u32 16)))))
(unless (or nil (probe-file "/etc/passwd"))
  (defmap seen :type :lru-hash :key-size 4 :value-size 4 :max-entries 1024))
(when (not (= 1 1))
  (deftracepoint not/there))
(ignore-errors (deftracepoint not/there))
(defprog p (:type :tracepoint :section "tracepoint/sched/sched_process_exec")
  (setf (getmap seen (tp-old-pid)) 1))
"""


@pytest.mark.kernel
def test_what_is_defined_may_depend_on_the_kernel(made: Build, facts: Facts) -> None:
    with_format, without = made(CHOSEN, facts), made(CHOSEN)
    assert len(with_format.programs[0].core) == 1
    assert without.programs[0].core == ()
    with load(with_format) as s:
        child = subprocess.Popen(["/usr/bin/true"])
        child.wait()
        assert s.maps["seen"][child.pid] == 1


class Exec(Struct):
    pid: u32
    ppid: u32


class ExecArgs(TracepointArgs):
    pid: i32
    old_pid: i32


events = RingBuf[Exec](4096, count_drops=False)


@raw_tracepoint("sys_enter")
def walked(ctx: object) -> None:
    with events.reserve() as e:
        e.pid = current.task.tgid
        e.ppid = current.task.real_parent.tgid


@tracepoint("sched:sched_process_exec")
def executed(ctx: ExecArgs) -> None:
    with events.reserve() as e:
        e.pid = ctx.pid
        e.ppid = ctx.old_pid


@pytest.mark.parametrize(
    ("python", "lisp"),
    [
        (walked, """(defprog walked (:type :raw-tracepoint :section "raw_tp/sys_enter")
           (with-ringbuf (e events (sizeof exec))
             (let ((task (get-current-task-btf)))
               (setf (exec-pid e) (task-struct-tgid task)
                     (exec-ppid e) (task-struct-tgid (task-struct-real-parent task)))))
           0)"""),
        (executed, """(defprog executed
             (:type :tracepoint :section "tracepoint/sched/sched_process_exec")
           (with-ringbuf (e events (sizeof exec))
             (setf (exec-pid e) (tp-pid) (exec-ppid e) (tp-old-pid)))
           0)"""),
    ],
    ids=["task", "tracepoint"],
)  # fmt: skip
def test_python_and_lisp_give_the_same_instructions(
    python: Program, lisp: str, made: Build
) -> None:
    text = """
        (import-kernel-struct task-struct tgid real-parent)
        (deftracepoint sched/sched-process-exec (pid i32) (old-pid i32))
        (defstruct exec (pid u32) (ppid u32))
        (defmap events :type :ringbuf :max-entries 4096)
    """
    theirs, ours = made(text + lisp).programs[0], build(python).programs[0]
    assert theirs.name == ours.name
    assert theirs.code == ours.code
    assert [(one.slot, one.access, one.kind) for one in theirs.core] == [
        (one.slot, one.access, one.kind) for one in ours.core
    ]


def program(text: str, section: str = "raw_tp/x", kind: str = "raw-tracepoint") -> str:
    return f'\n(defprog p (:type :{kind} :section "{section}")\n  {text})'


def at(hook: str, text: str) -> str:
    return program(text, f"tracepoint/{hook}", "tracepoint")


TASK = "(import-kernel-struct task-struct se pid)(import-kernel-struct cred uid)"
SWITCH = "(deftracepoint sched/sched-switch prev-pid prev-comm)"
BOTH = "(deftracepoint sched/sched-switch (pid u32))(deftracepoint sched/sched-wakeup (pid u32))"
ERRORS = [
    ("(import-kernel-struct task-struct nope)" + program("(task-struct-nope 1)"),
     (1, 35), "task_struct has no field nope in this kernel"),
    ("(import-kernel-struct no-such x)" + program("(no-such-x 1)"),
     (1, 31), "this kernel has no struct no_such"),
    ("(import-kernel-struct task-struct (pid u31))" + program("0"),
     (1, 40), "u31 is no type of a field of the kernel's. Did you mean u32?"),
    ("(import-kernel-struct task-struct pid pid)" + program("0"),
     (1, 39), "there are two fields called pid"),
    (TASK + program("(cred-uid (task-struct-se (get-current-task)))"),
     (3, 13), "is the address of a struct sched_entity, not of a cred"),
    (TASK + program("(task-struct-tgid 1)"), (3, 4), "task-struct-tgid is no form"),
    (TASK + program("(task-struct-pid)"), (3, 3), "task-struct-pid is given 0 operands"),
    (SWITCH + at("sched/sched_switch", "(tp-prev-comm 16)"), (3, 17), "the elements 0 to 15"),
    (SWITCH + at("sched/sched_switch", "(tp-prev-pid 1)"), (3, 16), "tp-prev-pid is no array"),
    (SWITCH + at("sched/sched_switch", "(tp-prev-pid-ptr)"), (3, 3), "is there for arrays"),
    (SWITCH + at("sched/sched_wakeup", "(tp-prev-pid)"), (3, 3), "has no field prev-pid"),
    (SWITCH + program("(tp-prev-pid)"), (3, 3), "reads the context of a tracepoint"),
    (SWITCH + at("sched/sched_switch", "(tp-pid)"), (3, 4), "tp-pid is no form"),
    ("(deftracepoint sched/sched-swich)" + program("0"),
     (1, 16), "no tracepoint sched:sched_swich. Did you mean sched:sched_switch?"),
    ("(deftracepoint sched-switch)" + program("0"), (1, 16), "sched-switch names no tracepoint"),
    (BOTH + program("(tp-pid)", "tracepoint", "tracepoint"),
     (3, 3), "a field of sched:sched_switch and of sched:sched_wakeup"),
    (program("(core-load u32 1 40000 task-struct pid)"), (3, 20), "an offset is from 0 to 32767"),
    (program("(+ (core-load u32 1 4 x y) (core-load u32 1 8 x y))"),
     (3, 47), "x.y is at 4 in another place"),
    (program("(core-store u32 (get-current-task-btf) 4 1 x y)"), (3, 19), "programs only read"),
    (program("(load u8 (ld-btf-id 0))"), (3, 23), "types have the numbers 1 to 2147483647"),
    (program("(load u8 (ld-btf-id (ctx-ptr)))"), (3, 23), "the number of a type"),
    (program("(store u8 (ld-btf-id 3) 0 1)"), (3, 13), "which programs only read"),
    (program("(ld-btf-id 3)"), (3, 3), "a program leaves with a number; this is a pointer"),
    (program("(do-user-ptrs (p 1 2) 0)"), (3, 17), "does not say what to read"),
    (program("(do-user-array (p nope 1 2 3) 0)"), (3, 21), "no struct is called nope"),
]  # fmt: skip


@pytest.mark.kernel
@pytest.mark.parametrize(("text", "place", "said"), ERRORS, ids=lambda row: str(row)[:30])
def test_what_cannot_be_meant(
    text: str, place: tuple[int, int], said: str, made: Build, facts: Facts
) -> None:
    with pytest.raises(CompileError) as caught:
        made(text, facts)
    assert said in str(caught.value)
    assert (caught.value.lineno, caught.value.offset) == place


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (EXECS % "", "the fields of sched:sched_process_exec are known only to a running kernel"),
        (EXECS % "(pid u32) filename", "the fields of sched:sched_process_exec are known only"),
        (TASK + program("(task-struct-se 1)"), "the types of task_struct are known only to"),
        ("(import-kernel-struct cred)" + program("0"), "the types of cred are known only to"),
    ],
    ids=["all", "one", "field", "struct"],
)
def test_without_a_kernel_types_are_wanted(text: str, said: str, made: Build) -> None:
    with pytest.raises(CompileError) as caught:
        made(text)
    assert said in str(caught.value)
    assert "say what you use" in " ".join(caught.value.notes)
