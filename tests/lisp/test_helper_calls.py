"""Helpers by their names in Lisp: what the compiler lets through, the verifier takes."""

from __future__ import annotations

import pytest

from kring import Kernel, load
from kring.abi.helper_use import USE
from kring.abi.helpers import HELPERS, Helper
from kring.build import compile_all
from kring.errors import CompileError
from kring.frontend.lisp.toplevel import programs_of
from kring.frontend.permits import MISSING
from kring.obj.object import Object

SECTIONS = {
    "SOCKET_FILTER": "socket", "KPROBE": "kprobe", "SCHED_CLS": "tc", "XDP": "xdp",
    "CGROUP_SKB": "cgroup_skb/ingress", "CGROUP_SOCK": "cgroup/sock_create", "LWT_XMIT": "lwt_xmit",
    "LWT_IN": "lwt_in", "SOCK_OPS": "sockops", "SK_SKB": "sk_skb/verdict", "SK_MSG": "sk_msg",
    "LWT_SEG6LOCAL": "lwt_seg6local", "SK_REUSEPORT": "sk_reuseport",
    "CGROUP_SYSCTL": "cgroup/sysctl", "SK_LOOKUP": "sk_lookup", "PERF_EVENT": "perf_event",
    "CGROUP_SOCK_ADDR/INET4_CONNECT": "cgroup/connect4",
    "CGROUP_SOCKOPT/GETSOCKOPT": "cgroup/getsockopt",
    "TRACING/TRACE_RAW_TP": "tp_btf/sched_switch", "RAW_TRACEPOINT": "raw_tp",
    "SYSCALL/sleepable": "syscall",
}  # fmt: skip
MAPS = {
    "HASH": "4 8 4", "ARRAY": "4 8 4", "PERCPU_ARRAY": "4 8 4", "PERF_EVENT_ARRAY": "4 4 2",
    "STACK_TRACE": "4 64 4", "CGROUP_ARRAY": "4 4 2", "DEVMAP": "4 4 2", "SOCKMAP": "4 4 2",
    "SOCKHASH": "4 4 2", "REUSEPORT_SOCKARRAY": "4 4 2", "QUEUE": "0 8 4", "RINGBUF": "0 0 4096",
    "PERCPU_HASH": "4 8 4",
}  # fmt: skip
FIXED = {
    "sys_bpf": {0: "1"}, "perf_event_read_value": {3: "24"}, "perf_prog_read_value": {2: "24"},
    "get_ns_current_pid_tgid": {3: "8"}, "tcp_raw_gen_syncookie_ipv4": {2: "20"},
    "tcp_raw_gen_syncookie_ipv6": {2: "20"}, "probe_write_user": {0: "8"},
}  # fmt: skip
"""Operands that the verifier or the helper's meaning wants, by position."""
OWN_FORMS = frozenset({
    "ringbuf_reserve", "ringbuf_submit", "ringbuf_discard", "ringbuf_output", "tail_call",
    "perf_event_output", "map_lookup_elem", "map_update_elem", "map_delete_elem",
    "ringbuf_reserve_dynptr", "ringbuf_submit_dynptr", "ringbuf_discard_dynptr", "trace_vprintk",
})  # fmt: skip
MORE = frozenset({
    "dynptr_from_mem", "dynptr_read", "dynptr_write", "sk_lookup_tcp", "sk_lookup_udp",
    "skc_lookup_tcp", "sk_assign",
})  # fmt: skip
"""Helpers that take more than a call to be right: they have programs of their own below."""


def built(text: str) -> Object:
    return compile_all(programs_of(text, "test.lisp"))[0]


def takes(text: str) -> None:
    """The kernel's verifier takes every program of the text."""
    with load(built(text), on=Kernel(), attach=False):
        pass


def sections(helper: Helper) -> list[str]:
    masks = {key: USE[key] for key in SECTIONS}
    return [SECTIONS[key] for key, mask in masks.items() if mask >> helper.id & 1]


def operand(helper: Helper, at: int, kind: str) -> str | None:
    """What to write for an argument; None where nothing can be."""
    if (fixed := FIXED.get(helper.name, {}).get(at)) is not None:
        return fixed
    match kind:
        case "map":
            known = [one for one in helper.more[at].split("|") if one in MAPS]
            return f"m-{known[0].lower()}" if known else None
        case "btf" if at in helper.optional:
            return "0"
        case "btf" if helper.more[at] == "task_struct":
            return "(get-current-task-btf)"
        case "ctx":
            return "(ctx-ptr)"
        case "str":
            return '"x"'
        case "size":
            return "16"
        case "out" | "in" | "inout" | "kept" | "into" | "dynptr":
            return "(struct-alloc 64)"
        case "int" | "addr" | "key" | "value":
            return "0"
        case _:
            return None


def called(helper: Helper) -> str | None:
    operands = [operand(helper, at, kind) for at, kind in enumerate(helper.args)]
    known = [one for one in operands if one is not None]
    if len(known) != len(operands):
        return None
    return f"({' '.join([helper.name.replace('_', '-'), *known])})"


def maps(text: str) -> str:
    found: list[str] = []
    for name, sizes in MAPS.items():
        if f"m-{name.lower()}" in text:
            key, value, entries = sizes.split()
            sized = f":key-size {key} " * (key != "0") + f":value-size {value} " * (value != "0")
            kind = name.lower().replace("_", "-")
            found.append(f"(defmap m-{name.lower()} :type :{kind} {sized}:max-entries {entries})")
    return "\n".join(found)


CALLED = {
    name: (form, sections(HELPERS[name])[0])
    for name in HELPERS
    if name not in OWN_FORMS | MORE
    and not {*HELPERS[name].args, HELPERS[name].result} & {*MISSING, "lock"}
    and (form := called(HELPERS[name])) is not None
    and sections(HELPERS[name])
}


@pytest.mark.kernel
@pytest.mark.parametrize("name", CALLED)
def test_the_verifier_takes_a_helper_with_what_its_prototype_says(name: str) -> None:
    form, section = CALLED[name]
    takes(f'{maps(form)}\n(defprog p (:section "{section}") {form} 1)')


def test_most_helpers_are_called() -> None:
    assert len(CALLED) > 120


SOUND = {
    "a socket that is found is given back": """
        (defprog p (:type :tc)
          (let ((socket (sk-lookup-tcp (ctx-ptr) (struct-alloc 12) 12 -1 0)))
            (if socket (progn (load u32 socket 4) (sk-release socket) 1) 2)))""",
    "when-let gives one back too": """
        (defprog p (:type :tc)
          (when-let ((socket (sk-lookup-udp (ctx-ptr) (struct-alloc 12) 12 -1 0)))
            (sk-release socket))
          0)""",
    "a socket in a branch of its own": """
        (defprog p (:type :tc)
          (when (> (ctx len) 60)
            (let ((socket (skc-lookup-tcp (ctx-ptr) (struct-alloc 12) 12 -1 0)))
              (when (/= socket 0) (sk-release socket))))
          0)""",
    "a socket of a map": """
        (defmap sockets :type :sockmap :key-size 4 :value-size 8 :max-entries 2)
        (defprog p (:type :sk-lookup)
          (if-let (socket (map-lookup sockets 1))
            (progn (sk-assign (ctx-ptr) socket 0) (sk-release socket) SK_PASS)
            SK_DROP))""",
    "a socket of a map, by a pointer to its key": """
        (defmap sockets :type :sockhash :key-size 8 :value-size 4 :max-entries 2)
        (defprog p (:type :tc)
          (let ((key 7))
            (when-let ((socket (map-lookup-ptr sockets (stack-addr key))))
              (let ((family (load u32 socket 4)))
                (sk-release socket)
                family))))""",
    "the socket of a packet": """
        (defprog p (:type :tc)
          (when-let ((socket (ctx sk))) (load u32 socket 4)))""",
    "and what a helper finds of it": """
        (defprog p (:type :tc)
          (when-let ((socket (ctx sk)))
            (when-let ((full (sk-fullsock socket)))
              (when-let ((tcp (tcp-sock full))) (load u32 tcp 0)))))""",
    "a string brings its size": """
        (defprog p (:section "raw_tp") (trace-printk "pid %d" (>> (get-current-pid-tgid) 32)))""",
    "a format in memory has it written": """
        (defprog p (:section "raw_tp")
          (let ((format (struct-alloc 8)))
            (store u16 format 0 #x6425)
            (trace-printk format 3 7)))""",
    "strings are compared": """
        (defprog p (:section "raw_tp")
          (let ((own (struct-alloc 16))) (get-current-comm own 16) (strncmp own 16 "bash")))""",
    "and formatted": """
        (defprog p (:section "raw_tp")
          (let ((text (struct-alloc 32)) (args (struct-alloc 8)))
            (snprintf text 32 "%d" args 8)))""",
    "a number is looked up by the kernel": """
        (defprog p (:section "syscall")
          (let ((found u64 0)) (kallsyms-lookup-name "bpf_map_inc" 0 (stack-addr found))))""",
    "a tail call goes on with 0": """
        (defmap jumps :type :prog-array :key-size 4 :value-size 4 :max-entries 4)
        (defprog p (:type :xdp) (tail-call jumps 1))""",
    "stacks by their number": """
        (defmap stacks :type :stack-trace :key-size 4 :value-size 1016 :max-entries 16)
        (defprog p (:section "kprobe/f") (get-stackid (ctx-ptr) stacks 256))
        (defprog q (:section "kprobe/f") (get-stackid ctx stacks 0))""",
    "what several CPUs count": """
        (defmap counts :type :percpu-array :key-size 4 :value-size 8 :max-entries 4)
        (defprog p (:section "raw_tp")
          (when-let ((there (map-lookup-percpu-elem counts 0 1))) (load u64 there)))""",
    "storage of a task": """
        (defmap own :type :task-storage :key-size 4 :value-size 8 :map-flags 1)
        (defprog p (:section "tp_btf/sched_switch")
          (when-let ((there (task-storage-get own (get-current-task-btf) 0 1)))
            (store u64 there 0 1)))""",
    "what a function is given is an object": """
        (defmap own :type :task-storage :key-size 4 :value-size 8 :map-flags 1)
        (defprog p (:section "tp_btf/sched_switch")
          (when-let ((there (task-storage-get own (ctx u64 8) 0 1)))
            (store u64 there 0 (load u32 (ctx u64 8) 0))))""",
    "memory of the packet is read by few": """
        (defprog p (:type :tc)
          (let ((d (ctx data)))
            (if (> (+ d 34) (ctx data-end)) 0 (csum-diff 0 0 (+ d 14) 20 0))))""",
    "user memory is copied": """
        (defprog p (:section "kprobe/f")
          (let ((own (struct-alloc 64)))
            (probe-read-user-str own 64 (pt-regs-parm1))
            (probe-read-user own 4 (pt-regs-parm2))
            (probe-read-kernel own (logand (pt-regs-parm3) 63) (pt-regs-parm1))
            (load u32 own 0)))""",
    "packets are changed and read again": """
        (defprog p (:type :tc)
          (skb-pull-data (ctx-ptr) 34)
          (let ((d (ctx data)))
            (if (> (+ d 34) (ctx data-end)) 0 (load u8 d 14))))""",
    "dynamic pointers": """
        (defmap m :type :array :key-size 4 :value-size 64 :max-entries 1)
        (defprog p (:section "raw_tp")
          (when-let ((memory (map-lookup m 0)))
            (let ((view (struct-alloc 16)) (own (struct-alloc 8)))
              (dynptr-from-mem memory 64 0 view)
              (dynptr-read own 8 view 4 0)
              (load u64 own))))""",
    "a socket is chosen, or none": """
        (defprog p (:section "sk_lookup") (sk-assign (ctx-ptr) 0 0) 1)""",
    "how full a ring is": """
        (defmap ring :type :ringbuf :max-entries 4096)
        (defprog p (:section "raw_tp") (ringbuf-query ring 0))""",
}


@pytest.mark.kernel
@pytest.mark.parametrize("text", SOUND.values(), ids=SOUND)
def test_the_verifier_takes_programs_with_helpers(text: str) -> None:
    takes(text)


REFUSED = {
    "(ktime-get-ns 1)": ("ktime-get-ns is given 1 operand", "write `(ktime-get-ns)`"),
    "(probe-read-kernel (struct-alloc 8) 8)": (
        "probe-read-kernel is given 2 operands",
        "write `(probe-read-kernel dst size unsafe-ptr)`",
    ),
    "(probe-read-kernel 5 8 0)": ("5 is a number, not memory", ""),
    "(probe-read-kernel (struct-alloc 8) 16 0)": (
        "size of probe-read-kernel is 16; the memory before it has 8 bytes", "it is from 0 to 8",
    ),
    "(let ((m (map-lookup h 0))) (probe-read-kernel m 8 0))": (
        "the pointer may be 0 here", "",
    ),
    "(probe-read-kernel (struct-alloc 8) 8 (cast u16 (ktime-get-ns)))": (
        "unsafe-ptr of probe-read-kernel is an address, which has 64 bits; "
        "(cast u16 (ktime-get-ns)) is of type u16",
        "read it as u64",
    ),
    "(probe-read-kernel (ctx-ptr) 8 0)": (
        "dst of probe-read-kernel is memory of the program's own", "",
    ),
    "(get-stackid (ctx-ptr) h 0)": (
        "get-stackid takes a map of type :stack-trace; h is of type :hash", "",
    ),
    "(get-stackid 0 h 0)": (
        "ctx of get-stackid is the context; 0 is a number", "write `(ctx-ptr)`",
    ),
    "(get-stackid (ctx-ptr) nothing 0)": ("no map is called nothing", ""),
    "(map-lookup-elem h 0)": (
        "map-lookup-elem is not called by its name",
        "write `(getmap map key)` or `(map-lookup map key)`",
    ),
    "(tail-call h 0)": ("tail-call takes a map of type :prog-array; h is of type :hash", ""),
    "(skb-load-bytes (ctx-ptr) 0 (struct-alloc 8) 8)": (
        "a raw_tracepoint program cannot call skb-load-bytes", "Linux 6.18 has it for programs of",
    ),
    "(spin-lock (struct-alloc 4))": ("spin-lock cannot be called from a program: maps", ""),
    "(dynptr-from-mem (struct-alloc 8) 8 0 (struct-alloc 16))": (
        "data of dynptr-from-mem is memory that stays: a map's value", "",
    ),
    "(timer-start 0 0 0)": ("timer-start cannot be called from a program: a timer", ""),
    "(ktime-get-nanoseconds)": ("is no form of the language, no macro and no helper", ""),
    "(task-storage-delete h 0)": ("takes a map of type :task-storage", ""),
    "(strncmp (struct-alloc 8) 8 (struct-alloc 8))": (
        "s2 of strncmp is constant text; (struct-alloc 8) is a pointer to the stack",
        'write a string: `"…"`',
    ),
    '(get-current-comm "text" 5)': ("buf of get-current-comm is no string", ""),
    "(get-current-comm (struct-alloc 8) 0)": ("size-of-buf of get-current-comm is 0", ""),
    '(trace-printk "x" 1 2 3 4)': ("trace-printk is given 5 operands", ""),
}  # fmt: skip


@pytest.mark.parametrize(("form", "said"), REFUSED.items(), ids=REFUSED)
def test_what_the_verifier_would_refuse_is_refused_at_its_place(
    form: str, said: tuple[str, str]
) -> None:
    text = f"""(defmap h :type :hash :key-size 4 :value-size 8 :max-entries 4)
(defprog p (:section "raw_tp") {form})"""
    with pytest.raises(CompileError) as caught:
        built(text)
    message, cure = said
    assert message in caught.value.msg
    assert cure in "\n".join(caught.value.notes)
    assert caught.value.lineno == 2


LOST = {
    "not given back": """
        (defprog p (:type :tc)
          (let ((socket (sk-lookup-tcp (ctx-ptr) (struct-alloc 12) 12 -1 0)))
            (if socket (return 1) 2)))""",
    "given back twice": """
        (defprog p (:type :tc)
          (when-let ((socket (sk-lookup-tcp (ctx-ptr) (struct-alloc 12) 12 -1 0)))
            (sk-release socket)
            (sk-release socket)))""",
    "a map's, not given back": """
        (defmap sockets :type :sockmap :key-size 4 :value-size 8 :max-entries 2)
        (defprog p (:type :sk-lookup)
          (when-let ((socket (map-lookup sockets 1)))
            (sk-assign (ctx-ptr) socket 0)
            (return SK_PASS))
          SK_PASS)""",
    "a map's, read as a number": """
        (defmap sockets :type :sockmap :key-size 4 :value-size 8 :max-entries 2)
        (defprog p (:type :sk-lookup) (getmap sockets 1) SK_PASS)""",
    "none of these": """
        (defprog p (:type :tc)
          (when-let ((socket (ctx sk)))
            (sk-release socket)))""",
}


@pytest.mark.parametrize("text", LOST.values(), ids=LOST)
def test_a_socket_is_given_back_once(text: str) -> None:
    with pytest.raises(CompileError, match=r"socket|sk-lookup-tcp"):
        built(text)


def test_pointers_into_a_packet_that_was_moved_lead_nowhere() -> None:
    with pytest.raises(CompileError) as caught:
        built("""
            (defprog p (:type :tc)
              (let ((d (ctx data)))
                (skb-pull-data (ctx-ptr) 34)
                (if (> (+ d 34) (ctx data-end)) 0 (load u8 d 14))))""")
    assert "d leads nowhere here: it was left behind by skb-pull-data on line 4" in caught.value.msg
