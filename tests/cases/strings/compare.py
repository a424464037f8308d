"""Strings compare as the user half would read them: up to the first NUL, whatever is behind it."""

# run: literals(given=[Text(s="bash", t="")]) -> out=[1, 0, 0, 0, 1, 0, 1, 0, 1, 1]
# run: literals(given=[Text(s="bashful", t="x")]) -> out=[0, 1, 0, 0, 0, 1, 1, 0, 0, 0]
# run: literals(given=[Text(s="", t="bash")]) -> out=[0, 1, 1, 0, 0, 1, 0, 0, 0, 0]
# run: literals(given=[Text(s="ba", t="bas")]) -> out=[0, 1, 0, 0, 0, 1, 0, 0, 0, 0]
# run: lengths(given=[Text(s="a" * 15, t="b" * 7)]) -> out=[1, 0, 1, 0, 0]
# run: lengths(given=[Text(s="a" * 14, t="b" * 6)]) -> out=[0, 0, 0, 0, 0]
# run: sizes(given=[Text(s="0123456789abcde", t="")]) -> out=[1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0]
# run: sizes(given=[Text(s="01234567_9abcde", t="")]) -> out=[1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0]
# run: utf8(given=[Text(s="größe", t="né")]) -> out=[1, 1, 0, 1]
# run: fields(given=[Text(s="same", t="same"), Text(s="same", t="sam")]) -> out=[1, 0, 1, 0, 1]
# run: fields(given=[Text(s="", t=""), Text(s="x", t="")]) -> out=[1, 0, 0, 1, 1]
# run: fields(given=[Text(s="1234567", t="1234567"), Text(s="12345678", t="1234567")]) -> out=[1, 0, 0, 1, 1]
# run: rubbish(given=[Text(s="x", t="y")]) -> out=[1, 1, 1, 1]
# run: as_values(given=[Text(s="yes", t="no")]) -> out=[1, 0, 2, 3]
# run: constants() -> out=[1, 0, 1, 1, 0]
from kring import Array, Struct, char, i64, syscall

NAME = "bash"


class Text(Struct):
    s: str = char(16)
    t: str = char(8)


given = Array[Text](2)
out = Array[i64](16)


@syscall
def literals() -> None:
    if (x := given[0]) is None:
        return
    out[0] = x.s == "bash"
    out[1] = x.s != NAME
    out[2] = "" == x.s
    out[3] = x.t == "bash!"
    out[4] = x.s == "bash" and x.t == ""
    out[5] = not (x.s == "bash" or x.s == "zsh")
    out[6] = x.s.startswith("bash")
    out[7] = x.s.startswith("bashful!")
    if x.s == "bash":
        out[8] = 1
    out[9] = 1 if NAME == x.s else 0


@syscall
def lengths() -> None:
    if (x := given[0]) is None:
        return
    out[0] = x.s == "aaaaaaaaaaaaaaa"
    out[1] = x.s == "aaaaaaaaaaaaaaaa"
    out[2] = x.t == "bbbbbbb"
    out[3] = x.t == "bbbbbbbb"
    out[4] = x.t.startswith("bbbbbbbbb")


@syscall
def sizes() -> None:
    if (x := given[0]) is None:
        return
    out[0] = x.s.startswith("")
    out[1] = x.s.startswith("0")
    out[2] = x.s.startswith("01")
    out[3] = x.s.startswith("012")
    out[4] = x.s.startswith("0123")
    out[5] = x.s.startswith("01234")
    out[6] = x.s.startswith("012345")
    out[7] = x.s.startswith("0123456")
    out[8] = x.s.startswith("01234567")
    out[9] = x.s.startswith("012345678")
    out[10] = x.s.startswith("0123456789a")
    out[11] = x.s.startswith("0123456789ab")
    out[12] = x.s.startswith("0123456789abc")
    out[13] = x.s.startswith("0123456789abcde")
    out[14] = x.s == "0123456789abcde"
    out[15] = x.s == "0123456789abcd"


@syscall
def utf8() -> None:
    if (x := given[0]) is None:
        return
    out[0] = x.s == "größe"
    out[1] = x.s.startswith("grö")
    out[2] = x.s == "grosse"
    out[3] = x.t == "né"


@syscall
def fields() -> None:
    if (x := given[0]) is None or (y := given[1]) is None:
        return
    out[0] = x.s == x.t
    out[1] = y.s == y.t
    out[2] = x.s == y.s
    out[3] = x.t == y.t
    out[4] = y.t != y.s


@syscall
def rubbish() -> None:
    """What is behind the NUL comes from a longer string that was there before."""
    if (x := given[0]) is None:
        return
    x.s = "a long string"
    x.s = "x"
    x.t = "another"
    x.t = "x"
    out[0] = x.s == "x"
    out[1] = x.t == x.s
    out[2] = not x.s.startswith("x long")
    out[3] = x.t != "xnother"


@syscall
def as_values() -> None:
    if (x := given[0]) is None:
        return
    same = x.s == "yes"
    out[0] = same
    out[1] = (x.s == "no") + 0
    out[2] = same + (x.t == "no")
    out[3] = 3 if (x.s == "yes") == (x.t == "no") else 4


@syscall
def constants() -> None:
    out[0] = NAME == "bash"
    out[1] = NAME != "bash"
    out[2] = NAME.startswith("ba")
    out[3] = "" == ""
    out[4] = NAME == "bash\0"
