"""Strings are copied with the destination's capacity and always end in a NUL."""
# run: copy(given=[Text(short="abcdefg", long="0123456789" * 6)]) -> kept=[Text(short="0123456", long="abcdefg")], records=[Text(short="abc", long="kring")]
# run: copy(given=[Text(short="", long="x")]) -> kept=[Text(short="x", long="")], records=[Text(short="abc", long="kring")]
# run: wide(big=[Big(name="n" * 90)]) -> sent=[Big(name="n" * 90, alias="n" * 31, cleared="n" * 7)]
from kring import Array, RingBuf, Struct, char, syscall


class Text(Struct):
    short: str = char(8)
    long: str = char(64)


class Big(Struct):
    name: str = char(100)
    alias: str = char(32)
    cleared: str = char(8, clear=True)


given = Array[Text](1)
kept = Array[Text](1)
big = Array[Big](1)
records = RingBuf[Text](4096)
sent = RingBuf[Big](4096)


@syscall
def copy() -> None:
    if (t := given[0]) is None or (k := kept[0]) is None:
        return
    k.short = t.long
    k.long = t.short
    with records.reserve() as r:
        r.short = "abc"
        r.long = "kring"


@syscall
def wide() -> None:
    if (t := big[0]) is None:
        return
    with sent.reserve() as r:
        r.name = t.name
        r.alias = t.name
        r.cleared = t.name
