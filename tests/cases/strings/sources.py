"""Strings of the task, of the kernel, of variables, functions, records and keys."""

# run: task() -> out=[1, 0, 1, 1]
# run: kept(given=[Text(s="first", t="x")]) -> out=[1, 0, 1, 1], given=[Text(s="second", t="first")]
# run: matched(given=[Text(s="bash", t="")]) -> out=[1, 10]
# run: matched(given=[Text(s="zsh", t="")]) -> out=[1, 10]
# run: matched(given=[Text(s="python", t="")]) -> out=[2, 11]
# run: matched(given=[Text(s="pythonic", t="")]) -> out=[3, 11]
# run: called(given=[Text(s="zsh", t="fish")]) -> out=[1, 0, 1], given=[Text(s="zsh", t="short")]
# run: recorded(given=[Text(s="bash", t="x")]) -> out=[1, 1, 0], records=[Text(s="bash", t="abcdefg")]
# run: keys(given=[Text(s="key", t="k")]) -> counts={Text(s="key", t="k"): 4}, out=[1]
from pathlib import Path

from kring import Array, Hash, RingBuf, Struct, char, current, i64, syscall, u64

me_comm = Path("/proc/self/comm").read_text().rstrip("\n")


class Text(Struct):
    s: str = char(16)
    t: str = char(8)


given = Array[Text](1)
out = Array[i64](4)
records = RingBuf[Text](4096)
counts = Hash[Text, u64](max_entries=8)


@syscall
def task() -> None:
    out[0] = current.comm == me_comm
    out[1] = current.comm == "no such name"
    name = current.comm
    out[2] = name == me_comm
    out[3] = current.comm == name


@syscall
def kept() -> None:
    """A variable holds a copy, as in Python."""
    if (x := given[0]) is None:
        return
    name = x.s
    x.s = "second"
    out[0] = name == "first"
    out[1] = name == x.s
    x.t = name
    other = name
    out[2] = x.t == other
    out[3] = (long := x.s) == "second" and long.startswith("sec")


@syscall
def matched() -> None:
    if (x := given[0]) is None:
        return
    match x.s:
        case "bash" | "zsh":
            out[0] = 1
        case "python":
            out[0] = 2
        case other if other.startswith("python"):
            out[0] = 3
        case _:
            out[0] = 4
    match current.comm:
        case "no such name":
            out[1] = 9
        case _ if x.s == "bash" or x.s == "zsh":
            out[1] = 10
        case _:
            out[1] = 11


def is_shell(name: str) -> bool:
    return name == "bash" or name == "zsh"


def which(text: Text) -> str:
    return text.s


@syscall
def called() -> None:
    if (x := given[0]) is None:
        return
    out[0] = is_shell(x.s)
    out[1] = is_shell(x.t)
    out[2] = which(x) == "zsh"
    if x.t == "fish":
        x.t = "short"


@syscall
def recorded() -> None:
    if (x := given[0]) is None:
        return
    with records.reserve() as r:
        r.s = "a longer one"
        r.s = x.s
        r.t = "abcdefghij"
        out[0] = r.s == x.s
        out[1] = r.t.startswith("abcdefg")
        out[2] = r.t == "abcdefghij"


@syscall
def keys() -> None:
    """Keys with the same strings are one, whatever is behind the NUL."""
    if (x := given[0]) is None:
        return
    counts[x] += 1
    x.s = "a longer one"
    x.s = "key"
    counts[x] += 1
    counts[Text(s=x.s, t=x.t)] += 1
    name = x.s
    key = Text(s="something", t=x.t)
    key.s = name
    counts[key] += 1
    out[0] = x in counts
