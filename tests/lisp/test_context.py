"""The context in Lisp: fields by name and by offset, as far as the kernel lets them be used."""

from __future__ import annotations

import struct

import pytest

from kring import Kernel, Vm, load
from kring.abi.context_rows import STRUCT_OF, hidden, members, writable
from kring.abi.programs import parse_section
from kring.build import compile_all
from kring.errors import CompileError
from kring.frontend.lisp.toplevel import programs_of
from kring.obj.object import Object

ENGINES = [
    pytest.param(Kernel(), id="kernel", marks=pytest.mark.kernel), pytest.param(Vm(), id="vm"),
]  # fmt: skip
PACKET = bytes(range(12)) + b"\x08\0" + bytes(range(50))
NAMED = (
    "xdp", "tc", "classifier", "action", "socket", "cgroup_skb/ingress", "lwt_in", "lwt_xmit",
    "lwt_seg6local", "sk_skb/verdict", "flow_dissector", "cgroup/sock_create", "cgroup/post_bind4",
    "cgroup/post_bind6", "cgroup/connect4", "cgroup/sendmsg6", "cgroup/getpeername4", "sockops",
    "sk_lookup", "sk_msg", "sk_reuseport", "cgroup/getsockopt", "cgroup/setsockopt",
    "cgroup/sysctl", "cgroup/dev", "perf_event",
)  # fmt: skip
"""Sections of programs whose context has fields with names."""


def built(text: str) -> tuple[Object, list[str]]:
    programs = programs_of(text, "test.lisp")
    return compile_all(programs)[0], list(programs[0].unit.notes)


def takes(text: str) -> None:
    with load(built(text)[0], on=Kernel(), attach=False):
        pass


def value(on: Kernel | Vm, text: str, ctx: bytes = b"") -> int:
    with load(built(text)[0], on=on, attach=False) as s:
        return s.programs["p"].run(PACKET, ctx=ctx).value


@pytest.mark.kernel
@pytest.mark.parametrize("section", NAMED)
def test_every_field_that_the_kernel_shows_is_read_by_its_name(section: str) -> None:
    kind, _ = parse_section(section)
    fields = members(STRUCT_OF[kind.type])
    shown = [
        (name.replace("_", "-"), one) for name, one in fields.items()
        if name not in hidden(kind.type, kind.attach)
    ]  # fmt: skip
    reads = [f"(ctx {name}{f' {one.count - 1}' if one.count else ''})" for name, one in shown]
    compared = "\n".join(f"(when (= {read} 12345) (return 1))" for read in reads)
    takes(f'(defprog p (:section "{section}")\n{compared}\n1)')


@pytest.mark.kernel
@pytest.mark.parametrize("section", NAMED)
def test_every_field_that_it_lets_be_written_is(section: str) -> None:
    kind, _ = parse_section(section)
    fields = members(STRUCT_OF[kind.type])
    for name, one in fields.items():
        place = f"(ctx {name.replace('_', '-')}{' 0' * bool(one.count)})"
        text = f'(defprog p (:section "{section}")\n(setf {place} 0) 1)'
        if name in writable(kind.type, kind.attach):
            takes(text)
        else:
            with pytest.raises(CompileError, match=r"only reads|keeps"):
                built(text)


VALUES = {
    '(:type :tc) (ctx protocol)': 8,
    '(:type :tc) (ctx u16 16)': 8,
    '(:type :tc) (ctx len)': len(PACKET),
    '(:type :tc) (ctx mark)': 5,
    '(:type :tc) (+ (ctx cb 0) (ctx cb 4))': 12,
    '(:type :tc) (progn (setf (ctx mark) 9 (ctx cb 2) 4) (+ (ctx mark) (ctx cb 2)))': 13,
    '(:type :tc) (progn (incf (ctx mark)) (incf (ctx cb 1) (ctx mark)) (ctx cb 1))': 8,
    '(:type :tc) (progn (setf (ctx u32 8) #x1ffffffff) (ctx mark))': 0xFFFFFFFF,
    '(:type :tc) (progn (ctx-store u32 8 3) (ctx-load u32 8))': 3,
    '(:type :tc) (if (> (+ (tc-data) 14) (tc-data-end)) 0 (load u8 (tc-data) 3))': 3,
    '(:type :tc) (if (> (+ (ctx data) 14) (ctx data-end)) 0 (load u8 (ctx data) 3))': 3,
    '(:type :tc) (if (> (+ (ctx u32 76) 14) (ctx u32 80)) 0 (load u8 (ctx u32 76) 3))': 3,
    '(:type :tc) (load u32 (ctx-ptr) 8)': 5,
    '(:type :tc) (progn (setf (ctx u8 49) 2) (ctx cb 0))': 513,
    '(:type :xdp :section "tc/x") (ctx len)': len(PACKET),
}  # fmt: skip
CTX = bytes(8) + struct.pack("<I", 5) + bytes(36) + struct.pack("<5I", 1, 2, 3, 4, 11)


@pytest.mark.parametrize("on", ENGINES)
@pytest.mark.parametrize(("form", "wanted"), VALUES.items(), ids=VALUES)
def test_fields_are_read_and_written_as_they_lie_there(
    on: Kernel | Vm, form: str, wanted: int
) -> None:
    assert value(on, f"(defprog p {form})", CTX.ljust(192, b"\0")) == wanted


XDP = {
    "(- (+ (xdp-data) 14) (ctx data))": 14,
    "(if (> (+ (xdp-data) 14) (xdp-data-end)) 0 (load u8 (xdp-data) 5))": 5,
    "(ctx ingress-ifindex)": 1,
    "(ctx rx-queue-index)": 0,
    "(if (<= (+ (ctx data-meta) 4) (ctx data)) (load u32 (ctx data-meta)) 7)": 7,
}


@pytest.mark.parametrize("on", ENGINES)
@pytest.mark.parametrize(("form", "wanted"), XDP.items(), ids=XDP)
def test_the_context_of_xdp(on: Kernel | Vm, form: str, wanted: int) -> None:
    assert value(on, f"(defprog p (:type :xdp) {form})") == wanted


@pytest.mark.kernel
def test_bytes_before_the_packet_are_written_and_read() -> None:
    text = """
        (defprog p (:type :xdp)
          (xdp-adjust-meta (ctx-ptr) -8)
          (let ((meta (ctx data-meta)) (d (ctx data)))
            (when (> (+ meta 8) d) (return 9))
            (store u32 meta 0 77)
            (store u32 meta 4 1)
            (+ (load u32 meta 0) (load u32 meta 4))))"""
    assert value(Kernel(), text) == 78


@pytest.mark.kernel
@pytest.mark.parametrize("program", [
    '(:type :kprobe) (+ (pt-regs-parm1) (pt-regs-parm2) (pt-regs-parm3) (pt-regs-parm4))',
    '(:section "kretprobe/f") (+ (pt-regs-ret) (pt-regs-parm5) (pt-regs-parm6))',
    '(:section "uprobe//bin/sh:main") (ctx u64 112)',
    '(:section "perf_event") (+ (pt-regs-parm1) (ctx sample-period) (ctx addr) (ctx regs 3))',
    '(:section "tracepoint/sched/sched_switch") (ctx u32 24)',
    '(:section "raw_tp/sched_switch") (logand (ctx u64 8) 7)',
    '(:section "tp_btf/sched_switch") (load u32 (ctx u64 8) 0)',
    '(:section "tp_btf/sched_switch") (load u64 (load u64 (ctx u64 8) 0) 0)',
    '(:section "iter/task") (let ((task (ctx u64 8))) (when task (load u32 task 0)) 0)',
    '(:section "syscall") (setf (ctx u64 0) (+ (ctx u64 8) 1))',
])  # fmt: skip
def test_contexts_without_names_are_read_by_offset(program: str) -> None:
    takes(f"(defprog p {program})")


def test_registers_lie_where_the_manual_lists_them() -> None:
    forms = [f"(pt-regs-parm{at})" for at in range(1, 7)] + ["(pt-regs-ret)"]
    offsets = 112, 104, 96, 88, 72, 64, 80
    for form, offset in zip(forms, offsets, strict=True):
        one, other = (
            built(f"(defprog p (:type :kprobe) {text})")[0].programs[0].code
            for text in (form, f"(ctx u64 {offset})")
        )
        assert one == other


def test_what_a_syscall_program_is_given() -> None:
    text = '(defprog p (:section "syscall") (setf (ctx u64 0) (+ (ctx u64 8) 1)) (ctx u8 8))'
    with load(built(text)[0], on=Vm(), attach=False) as s:
        found = s.programs["p"].run(ctx=struct.pack("<2Q", 0, 41))
    assert (found.value, struct.unpack("<2Q", found.ctx)) == (41, (42, 41))


@pytest.mark.parametrize(("text", "note"), [
    ("(:type :xdp) (ctx-load u32 0)", "ctx-load is deprecated: write `(ctx TYPE OFFSET)`"),
    ("(:type :tc) (ctx-store u32 8 0)",
     "ctx-store is deprecated: write `(setf (ctx TYPE OFFSET) value)`"),
    ('(:type :xdp :section "tc/x") (ctx len)', "its context is that of :tc"),
])  # fmt: skip
def test_the_author_is_told(text: str, note: str) -> None:
    notes = built(f"(defprog p {text} 0)")[1]
    assert any(note in one and one.startswith("test.lisp:1:") for one in notes)


REFUSED = {
    "(:type :xdp) (ctx daat)": ("has no field daat. Did you mean data?", ""),
    "(:type :xdp) (ctx mark)": ("struct xdp_md, the context here, has no field mark", ""),
    "(:type :xdp) (ctx egress-ifindex)": ("the kernel keeps egress-ifindex from xdp programs", ""),
    "(:type :tc) (ctx cb)": ("cb is an array", "`(ctx cb INDEX)`, from 0 to 4"),
    "(:type :tc) (ctx cb 5)": ("cb has the elements 0 to 4, and no 5", ""),
    "(:type :tc) (ctx cb (ctx len))": ("the index of cb must be known while compiling", ""),
    "(:type :tc) (ctx len 0)": ("len is no array", "`(ctx len)`"),
    "(:type :tc) (ctx u64 0)": (
        "64 bits at 0 are not those of len, which has 32", "`(ctx u32 0)`",
    ),
    "(:type :xdp) (ctx u16 12)": ("16 bits at 12 are not those of ingress-ifindex", ""),
    "(:type :tc) (ctx u32 192)": ("there is no field at 192: struct __sk_buff", ""),
    "(:type :tc) (ctx u32 2)": ("u32 lies at a multiple of 4; this is 2", ""),
    "(:type :tc) (ctx u32 -4)": ("u32 lies at a multiple of 4; this is -4", ""),
    "(:type :tc) (ctx u32)": ("(ctx u32) does not say where", "`(ctx u32 OFFSET)`"),
    "(:type :tc) (ctx 5)": ("5 is no field of the context", ""),
    "(:type :tc) (ctx)": ("ctx is given 0 operands", "`(ctx FIELD [index])`"),
    "(:type :tc) (ctx u32 (ctx len))": ("the offset in the context must be known", ""),
    "(:type :kprobe) (ctx data)": (
        "what a kprobe program is given has no fields with names, so no data", "(pt-regs-parm1)",
    ),
    "(:type :tracepoint) (ctx pid)": (
        "what a tracepoint program is given has no fields with names, so no pid", "deftracepoint",
    ),
    "(:type :fentry) (ctx file)": ("what an fentry program is given", "(ctx u64 0)"),
    "(:type :kprobe) (ctx u64 168)": ("there is no field at 168: struct pt_regs", ""),
    "(:type :xdp) (setf (ctx data) 1)": ("an xdp program only reads data", ""),
    "(:type :tc) (setf (ctx len) 1)": (
        "a tc program only reads len", "it may write cb, mark, priority, queue-mapping, tc-classid",
    ),
    "(:type :tc) (setf (ctx u16 8) 1)": (
        "16 of the 32 bits of mark are not written alone", "write u32, at its start",
    ),
    "(:type :kprobe) (setf (ctx u64 0) 1)": ("a kprobe program only reads r15", ""),
    "(:type :xdp) (pt-regs-parm1)": (
        "an xdp program is not given the CPU's registers", "type :kprobe",
    ),
    "(:type :tc) (xdp-data)": (
        "a tc program is given no xdp_md, as one of type :xdp is", "write `(ctx data)`",
    ),
    "(:type :kprobe) (tc-data)": ("a kprobe program is given no __sk_buff", ""),
    "(:type :tc) (load u32 (ctx sk) 4)": ("the pointer may be 0 here", ""),
    "(:type :tc) (+ 1 (ctx data-end))": ("the packet's end", ""),
}  # fmt: skip


@pytest.mark.parametrize(("form", "said"), REFUSED.items(), ids=REFUSED)
def test_what_the_context_has_not_is_refused_at_its_place(form: str, said: tuple[str, str]) -> None:
    options, _, body = form.partition(") ")
    with pytest.raises(CompileError) as caught:
        built(f"(defprog p {options})\n {body})")
    assert said[0] in caught.value.msg
    assert said[1] in "\n".join(caught.value.notes)
    assert caught.value.lineno == 2


BESIDE = {
    "(load u64 (struct-alloc 8) 4)": "8 bytes at 4 would lie outside: a pointer to the stack",
    "(store u8 (struct-alloc 8) -1 0)": "1 byte at -1 would lie outside",
    "(memset (struct-alloc 8) 0 0 9)": "9 bytes at 0 would lie outside",
    "(memcpy (struct-alloc 16) 0 (struct-alloc 8) 0 16)": "16 bytes at 0 would lie outside",
    "(atomic-add (+ (struct-alloc 8) 4) 0 1 u64)": "8 bytes at 4 would lie outside",
    "(when-let ((v (map-lookup h 0))) (load u32 v 6))": "4 bytes at 6 would lie outside",
    "(when-let ((r (ringbuf-reserve ring 8 0))) (store u8 r 8 0))": "1 byte at 8 would lie outside",
}


@pytest.mark.parametrize(("form", "said"), BESIDE.items(), ids=BESIDE)
def test_what_lies_beside_memory_is_refused(form: str, said: str) -> None:
    text = """(defmap h :type :hash :key-size 4 :value-size 8 :max-entries 4)
        (defmap ring :type :ringbuf :max-entries 4096)"""
    with pytest.raises(CompileError) as caught:
        built(f'{text}\n(defprog p (:section "raw_tp") {form})')
    assert said in caught.value.msg
    assert caught.value.lineno == 3
