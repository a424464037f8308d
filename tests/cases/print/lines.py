"""`print` writes a line of the kernel's trace."""

# run: text() -> printed=["hello", "", "100% of it: 5", "a b"]
# run: numbers(given=[7, 2**32 - 1]) -> printed=["7 and 4294967295", "-7", "18446744073709551615", "7 3 4 5 6", "7|7|7|7|7|7|7|7|7|7|7|7"]
# run: formats(given=[255, 5]) -> printed=["ff 0xff FF 00ff 0x000000ff", "[     255] [255     ] [00255] [+255]", "[255]", "x=255 y=5", "-1 ffffffffffffffff"]
# run: strings(texts=[Text(s="bash", n=3)]) -> printed=["bash 3", "[bash    ] [    bash] [bash]", "s='bash'", "größe: bash", "kring", "wider   |"]
# run: task() -> printed=[f"{me_comm} is {me_pid}", f"{me_comm}, {me_comm}"]
# run: when(given=[3, 0]) -> printed=["0", "1", "2", "sum 3"]
# run: called(given=[1, 2]) -> printed=["got 1", "got 2"]
import os
from pathlib import Path

from kring import Array, Struct, char, current, i64, syscall, u32

me_comm = Path("/proc/self/comm").read_text().rstrip("\n")
me_pid = os.getpid()
LABEL = "kring"


class Text(Struct):
    s: str = char(16)
    n: u32


given = Array[u32](2)
texts = Array[Text](1)


@syscall
def text() -> None:
    print("hello")
    print()
    print("100% of it:", 5)
    print("a", "b")


@syscall
def numbers() -> None:
    n = given[0]
    print(n, "and", given[1])
    print(-n)
    print(18446744073709551615)
    print(n, n - 4, n - 3, n - 2, n - 1)
    print(f"{n}|{n}|{n}|{n}|{n}|{n}|{n}|{n}|{n}|{n}|{n}|{n}")


@syscall
def formats() -> None:
    n = given[0]
    y = given[1]
    print(f"{n:x} {n:#x} {n:X} {n:04x} {n:#010x}")
    print(f"[{n:8}] [{n:<8}] [{n:05d}] [{n:+}]")
    print(f"[{n!s}]")
    x = n
    print(f"{x=} {y=}")
    print(f"{n - 256} {n - 256:x}")


@syscall
def strings() -> None:
    if (t := texts[0]) is None:
        return
    print(t.s, t.n)
    print(f"[{t.s:8}] [{t.s:>8}] [{t.s:s}]")
    s = t.s
    print(f"{s=}")
    print(f"größe: {s}")
    print(LABEL)
    print(f"{'wider':8}|")


@syscall
def task() -> None:
    print(current.comm, "is", current.pid)
    print(f"{current.comm}, {current.comm}")


@syscall
def when() -> None:
    total = 0
    for i in range(given[0] & 7):
        print(i)
        total += i
    print(f"sum {total}")


def show(n: i64) -> None:
    print(f"got {n}")


@syscall
def called() -> None:
    show(given[0])
    show(given[1])
