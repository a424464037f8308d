"""What the verifier's words mean, and what to do: one row for each kind of refusal.

In: the last instruction its log shows, and the lines after that. Out: the row whose pattern they
match. Groups of a pattern may stand in the texts; `insn` is a slot, which is shown as the source
line it came from. The first row that matches counts: a narrower pattern stands before a wider one.

See: kernel/bpf/verifier.c, where each of these messages is a string.
"""

from __future__ import annotations

import re

from kring.record import record


@record
class Remedy:
    """A refusal that is known: the verifier's words, ours, and the cure; `lisp` is the cure for a
    program in Lisp, if it has words of its own there."""

    pattern: re.Pattern[str]
    meaning: str
    cure: str
    lisp: str = ""


def find(said: str) -> tuple[Remedy, re.Match[str]] | None:
    """The row for what the verifier said, and where it said that."""
    for remedy in REMEDIES:
        if match := remedy.pattern.search(said):
            return remedy, match
    return None


def _row(pattern: str, meaning: str, cure: str, lisp: str = "") -> Remedy:
    return Remedy(re.compile(pattern), meaning, cure, lisp)


REMEDIES = (
    # What may be None
    _row(
        r"R\d+ invalid mem access '\w*?(?P<what>map_value|ringbuf_mem|ptr|sock|mem)_or_null",
        "this may be None where it is used",
        "compare it on every path that leads here: `if x is not None:`, in C `if (x)`",
        "test it on every path that leads here: `(when-let ((p …)) …)`",
    ),
    _row(
        r"pointer arithmetic on \w+_or_null prohibited",
        "a field of something that may be None is used",
        "compare it with None before taking its fields or elements",
        "test it before its fields are taken: `(when-let ((p …)) …)`",
    ),
    _row(
        r"Possibly NULL pointer passed to",
        "a function is given something that may be None",
        "compare it with None before the call",
        "test it before the call: `(when-let ((p …)) …)`",
    ),
    # Records and other references
    _row(
        r"Unreleased reference id=\d+ alloc_insn=(?P<insn>\d+)",
        "what was reserved or acquired on {insn} is given back on no path that ends here",
        "submit or discard a record, and release what a function acquired, on every path, once",
    ),
    _row(
        r"R\d+ type=\w+ expected=ringbuf_mem",
        "this is no record that is still held",
        "submit or discard each record once, and do not use it after that",
    ),
    _row(
        r"Expected an initialized dynptr",
        "this is a dynptr that nothing was assigned to, or that was released",
        "make it before, and use the same variable all the way",
    ),
    # Maps and their values
    _row(
        r"value_size=(?P<size>\d+) off=(?P<off>-?\d+) size=(?P<width>\d+)\n"
        r"R\d+ (min|max) value is outside of the allowed memory range",
        "bytes {off} to {off}+{width} are beyond a map's value, which has {size}",
        "compare the index with the number of elements right before it is used",
    ),
    _row(
        r"R\d+ min value is negative, either use unsigned index",
        "an index may be negative",
        "compare it with 0 too, or make it unsigned: `i & 7` is never negative",
        "bound it right before it is used: `(logand i 7)` is never negative",
    ),
    _row(
        r"R\d+ unbounded memory access, make sure to bounds check",
        "nothing bounds this index",
        "compare it right before it is used: `if i < 8:`; the verifier knows only of comparisons",
        "test it right before it is used: `(when (< i 8) …)`; only comparisons tell the verifier",
    ),
    _row(
        r"math between pkt pointer and register with unbounded min value",
        "an offset into the packet is not bounded",
        "compare it with a constant first: `if offset < 64:`; then read at it, and check that too",
        "test it first: `(when (< offset 64) …)`; then compare with the packet's end, and read",
    ),
    _row(
        r"math between fp pointer and register with unbounded min value",
        "an index into the stack is not bounded",
        "compare it with the size of the array first, or keep the array in a map",
    ),
    _row(
        r"math between \w+ pointer and register with unbounded min value",
        "an index may be negative, or as large as 64 bits can say",
        "compare it with 0 and with the number of elements before it is used",
    ),
    _row(
        r"math between \w+ pointer and (?P<off>-?\d+) is not allowed",
        "an offset of {off} bytes is larger than any value",
        "take an index within the array",
    ),
    _row(
        r"write into map forbidden",
        "this map may be read and not written by programs",
        "leave BPF_F_RDONLY_PROG out of its flags; constants of C lie in such a map",
    ),
    _row(
        r"cannot pass map_type (?P<type>\d+) into func (?P<helper>\w+)",
        "{helper} does not work on this kind of map",
        "use a kind of map that has the operation: a stream is written to, a table looked up",
    ),
    _row(
        r"expected prog array map for tail call",
        "a tail call goes through a map that holds no programs",
        "declare the map as a `ProgArray`, in C as BPF_MAP_TYPE_PROG_ARRAY",
    ),
    _row(
        r"invalid zero-sized read",
        "a key or a buffer has no bytes: this kind of map has none of that",
        "use an operation that the map has: a queue has `push` and `pop`, a ring `output`",
    ),
    # Packets
    _row(
        r"R\d+ offset is outside of the packet",
        "bytes of the packet are read that may not be there",
        "compare with the packet's end first: `if (ip := ctx.packet.read(IPv4)) is not None:`",
        "compare with the packet's end first: `(when (<= (+ p 4) (ctx data-end)) …)`, or read"
        " inside of `(with-packet (data data-end :min-len 34) …)`",
    ),
    _row(
        r"pointer arithmetic on pkt_end prohibited",
        "the end of the packet is calculated with",
        "add to the start, and compare with the end as it is",
    ),
    _row(
        r"BPF_ATOMIC stores into R\d+ (?P<what>\w+) is not allowed",
        "this memory ({what}) takes no atomic updates",
        "write `x = x + 1`: no other processor has this packet or context",
        "write `(store …)` of the sum: no other processor has this packet or context",
    ),
    # Pointers
    _row(
        r"R\d+ invalid mem access 'scalar'",
        "this is a number, and no pointer that may be followed",
        "a pointer from kernel or user memory is read through bpf_probe_read_*; one into a packet"
        " is worth nothing after a call that changes the packet: take it again",
    ),
    _row(
        r"same insn cannot be used with different pointers",
        "one instruction reads two kinds of memory, on two paths",
        "read each in the branch that knows which it is",
    ),
    _row(
        r"32-bit pointer arithmetic prohibited",
        "a pointer is calculated with in 32 bits",
        "keep it in 64 bits",
    ),
    _row(
        r"pointer \+= pointer prohibited",
        "two pointers are added",
        "add a number to a pointer",
    ),
    _row(
        r"pointer arithmetic with (?P<op>\S+) operator prohibited",
        "a pointer is calculated with by `{op}`",
        "only adding to a pointer and subtracting from one is allowed",
    ),
    _row(
        r"only read is supported",
        "memory of the kernel is written",
        "programs read kernel structs; what may be changed has functions of its own",
    ),
    _row(
        r"invalid access to memory, mem_size=(?P<size>\d+) off=(?P<off>-?\d+) size=(?P<width>\d+)",
        "{width} bytes at {off} are read or written, of memory that has {size}",
        "stay inside; of a kernel function, whose size counts as 0, only a helper reads:"
        " bpf_probe_read_kernel",
        "stay inside; of a kernel function, whose size counts as 0, only `(kernel-load …)` reads",
    ),
    _row(
        r"(ldimm64 insn specifies invalid|pseudo) btf_id (?P<id>\d+)",
        "this kernel's types (BTF) have no function and no variable with the number {id}",
        "take the number from this kernel: `bpftool btf dump file /sys/kernel/btf/vmlinux`",
    ),
    _row(
        r"ldimm64 failed to find the address for kernel symbol '(?P<name>\w+)'",
        "the kernel knows no address of {name}",
        "take a function: the addresses of variables are known to kernels that are built with"
        " CONFIG_KALLSYMS_ALL",
    ),
    _row(
        r"access beyond struct (?P<struct>\w+) at off (?P<off>\d+)",
        "offset {off} is beyond struct {struct} of this kernel",
        "read the field by its name, so that its place is found in the running kernel",
    ),
    # The context
    _row(
        r"\*\(u\d+ \*\)\(r\d+ [+-]\d+\) = .*\n"
        r"invalid bpf_context access off=(?P<off>\d+) size=(?P<width>\d+)",
        "the {width} bytes at {off} of the context cannot be written in this kind of program",
        "keep what you compute in a variable or a map; few fields of a context may be changed",
    ),
    _row(
        r"invalid bpf_context access off=(?P<off>\d+) size=(?P<width>\d+)",
        "the context has no field of {width} bytes at {off} in this kind of program",
        "use the fields that this kind of program has, each in its own width",
    ),
    _row(
        r"dereference of modified ctx ptr",
        "the context is read through a pointer that was moved",
        "read its fields from the pointer that the program was given",
    ),
    _row(
        r"variable ctx access",
        "the context is indexed by a variable",
        "the place in the context must be a constant: read each field by its name",
    ),
    # The stack and registers
    _row(
        r"combined stack size of (?P<calls>\d+) calls is (?P<size>\d+)",
        "{calls} functions that call each other need {size} bytes of stack; 512 is all there is",
        "keep large records in a ring buffer or in a map, not in variables",
    ),
    _row(
        r"invalid (unbounded )?variable-offset (?P<how>\w+) (to|from) stack",
        "an index into the stack may be beyond what was declared",
        "compare it with the size of the array first, or keep the array in a map",
    ),
    _row(
        r"invalid (write to|read from) stack R\d+ off=(?P<off>-?\d+) size=(?P<width>\d+)",
        "{width} bytes at {off} of the stack are outside it, or beyond the variable",
        "a program has 512 bytes of stack; keep large records in a ring buffer or in a map",
    ),
    _row(
        r"misaligned stack access off \S+?(?P<off>-?\d+) size (?P<width>\d+)",
        "{width} bytes of the stack are accessed at {off}, which is no multiple of that",
        "align the field: order fields by size, or leave `packed` out",
    ),
    _row(
        r"R0 !read_ok",
        "the program ends without a result on this path",
        "return something on every path",
    ),
    _row(
        r"R(?P<register>\d+) !read_ok",
        "register {register} holds nothing here: it was never written, or a call took it away",
        "write it on every path; r1 to r5 are gone after a call",
    ),
    _row(
        r"frame pointer is read only",
        "r10, the frame pointer, is written",
        "copy it first and change the copy",
    ),
    # Sizes and arguments of helpers
    _row(
        r"R\d+ min value is negative, either use unsigned or",
        "a size may be negative",
        "bound it from both sides before the call: `size & 63`, or two comparisons",
        "bound it before the call: `(logand size 63)`",
    ),
    _row(
        r"R\d+ unbounded memory access, use 'var &= const'",
        "nothing bounds a size",
        "compare it with the size of the buffer before the call, or use `size & 63`",
        "compare it with the size of the buffer before the call, or give `(logand size 63)`",
    ),
    _row(
        r"R\d+ is not a known constant",
        "this argument has to be a constant",
        "give the function a number that is known when the program is compiled",
    ),
    _row(
        r"program of this type cannot use helper (?P<helper>\w+)",
        "programs of this type have no {helper}",
        "use it in a kind of program that has it; https://docs.kernel.org/bpf/ lists them",
    ),
    _row(
        r"invalid func unknown#(?P<helper>\d+)",
        "this kernel has no helper with the number {helper}",
        "it is newer than the kernel: test for it, or do without",
    ),
    _row(
        r"cannot call GPL-restricted function",
        "this helper is for programs under the GPL",
        'give the object a compatible licence: "GPL" or "Dual MIT/GPL"',
    ),
    _row(
        r"helper call might sleep in a non-sleepable prog",
        "this helper may sleep, and the program may not",
        "use it in a sleepable program (`syscall`, fentry.s, lsm.s, uprobe.s), or one that"
        " does not sleep: bpf_probe_read_user",
    ),
    _row(
        r"calling kernel function (?P<kfunc>\w+) is not allowed",
        "programs of this type may not call {kfunc}()",
        "the kernel allows its functions to some types of programs each: use one of those",
    ),
    _row(
        r"R\d+ type=(?P<got>\w+) expected=(?P<wanted>[\w, ]+)",
        "an argument is {got} where {wanted} is wanted",
        "pass what the function takes; its manual is bpf-helpers(7)",
    ),
    # Locks
    _row(
        r"BPF_EXIT instruction .*cannot be used inside bpf_spin_lock-ed region",
        "the program ends while it holds a lock",
        "unlock on every path",
    ),
    _row(
        r"function calls are not allowed while holding a lock",
        "a function is called while a lock is held",
        "call it before or after; only fields of the locked struct are for the time between",
    ),
    _row(
        r"bpf_spin_unlock without taking a lock",
        "a lock is given back that is not held",
        "lock first, once",
    ),
    _row(
        r"bpf_spin_lock cannot be accessed directly",
        "the lock itself is read or written",
        "leave that field alone: it is for lock and unlock only",
    ),
    # The shape of the code
    _row(
        r"infinite loop detected at insn (?P<insn>\d+)",
        "the loop on {insn} has no end that can be seen",
        "count it: `for i in range(100):`",
        "count it: `(dotimes (i 100) …)`",
    ),
    _row(
        r"BPF program is too large. Processed (?P<count>\d+) insn",
        "it takes more than a million steps to follow every path",
        "let loops end sooner, and split long programs; each branch in a loop doubles the paths",
    ),
    _row(
        r"The sequence of (?P<count>\d+) jumps is too complex",
        "{count} branches are open at once: each round of a loop leaves one to be looked at later",
        "let loops end sooner, or test less in them",
    ),
    _row(
        r"(?:At program exit|At subprogram exit|At callback return) the register R0 has .*should"
        r" have been in (?P<range>\S+ \S+)",
        "the result may be outside {range}, all that this kind of program may return",
        "return one of the values that its hook knows, on every path",
    ),
    _row(
        r"the call stack of (?P<depth>\d+) frames is too deep",
        "functions call each other {depth} deep, or one calls itself",
        "at most 8 may be under way at once, and none may recurse: write a loop",
    ),
    _row(
        r"jump out of range from insn (?P<insn>\d+)",
        "a jump on {insn} leads out of its function",
        "let it lead to an instruction of the same function",
    ),
    _row(
        r"unreachable insn (?P<insn>\d+)",
        "nothing leads to the code on {insn}",
        "leave it out",
    ),
    _row(
        r"last insn is not an exit or jmp",
        "the code runs on beyond its end",
        "end each function with `exit`",
    ),
)
