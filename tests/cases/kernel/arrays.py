"""Arrays of kernel structs: elements, loops, copies; a string of the kernel compared."""

# run: look() -> out=[1, 1, 16, 0, 1, 1, 1]
# run: copied() -> seen=[Seen(letters=me.comm.encode().ljust(16, b"\0"), same=1)]

from typing import cast

from kring import (
    Array,
    Global,
    KernelStruct,
    RingBuf,
    Struct,
    array,
    char,
    current,
    i32,
    i64,
    named,
    syscall,
    u8,
    u32,
)


class task_struct(KernelStruct):
    pid: i32
    comm: str = char(16)
    letters: bytes = named("comm", array(16, u8))
    real_parent: "task_struct"


class Seen(Struct):
    letters: bytes = array(16)
    same: u32


out = Array[i64](7)
seen = RingBuf[Seen](4096)
index = Global[u32](3)


@syscall
def look() -> None:
    task = cast(task_struct, current.task)
    letters = task.letters
    length = 0
    for letter in letters:
        if letter == 0:
            break
        length += 1
    out[0] = 0 < length < 16
    out[1] = letters[0] == task.letters[0] and letters[-1] == 0
    out[2] = len(letters)
    out[3] = letters[index.value + 1000]
    out[4] = letters[index.value] == letters[3]
    out[5] = letters == task.letters and letters != task.real_parent.real_parent.letters
    out[6] = task.comm == current.comm


@syscall
def copied() -> None:
    task = cast(task_struct, int(current.task))
    with seen.reserve() as s:
        s.letters = task.letters
        s.same = s.letters == cast(task_struct, current.task).letters
