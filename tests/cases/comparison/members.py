"""`in` a few values: written there, or constants from outside; numbers of any sign, and strings."""
# run: numbers(given=[80]) -> out=[1, 0, 1, 1, 1, 0]
# run: numbers(given=[443]) -> out=[1, 0, 0, 0, 0, 0]
# run: numbers(given=[-1]) -> out=[0, 1, 0, 1, 0, 0]
# run: numbers(given=[7]) -> out=[0, 1, 0, 1, 0, 1]
# run: strings(names={1: Name(text="bash"), 2: Name(text="zsh2"), 3: Name(text="")}) -> out=[1, 0, 1, 1]
from kring import Array, Hash, Struct, char, i64, syscall, u32, u64

PORTS = (80, 443)
ODD = frozenset({1, 3, 5, 7})
SHELLS = ["bash", "zsh", "fish"]


class Name(Struct):
    text: str = char(16)


given = Array[i64](1)
out = Array[i64](6)
names = Hash[u32, Name](max_entries=4)


@syscall
def numbers() -> None:
    x = given[0]
    big: u64 = x
    out[0] = x in PORTS
    out[1] = x not in PORTS
    out[2] = 1 if x in (80, x + 1) else 0
    if big in [18446744073709551615, 7, 80] and x not in ():
        out[3] = 1
    out[4] = x in {80}
    out[5] = big in ODD


@syscall
def strings() -> None:
    if (one := names.get(1)) is not None:
        out[0] = one.text in SHELLS
    if (one := names.get(2)) is not None:
        out[1] = one.text in SHELLS
        out[2] = one.text not in ("zsh", "zsh22")
    if (one := names.get(3)) is not None and one.text in ("", "a"):
        out[3] = 1
