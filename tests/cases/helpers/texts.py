"""Helpers that take constant text: comparing with it, and formatting by it."""

# engines: vm kernel

from kring import Array, Global, Struct, char, helpers, i64, sizeof, syscall, u64


class Line(Struct):
    text: str = char(16)


class Values(Struct):
    a: u64
    b: i64
    c: u64


lines = Array[Line](2)
out = Array[u64](4)
seed = Global[u64](0)


# run: compare(lines=[Line(text="abc")]) -> out=[0, 2**64 - 1, 1, 0], value=0
# run: compare(lines=[Line(text="abd")]) -> out=[1, 1, 1, 0], value=0
# run: compare(lines=[Line(text="ab")]) -> out=[2**64 - 1, 2**64 - 1, 1, 2**64 - 1], value=0
@syscall
def compare() -> int:
    line = lines.get(0)
    if line is not None:
        out[0] = helpers.strncmp(line.text, 16, "abc")
        out[1] = helpers.strncmp(line.text, 16, "abcd")
        out[2] = helpers.strncmp(line.text, 16, "aba") if seed.value else helpers.strncmp(line, 16, "a")
        out[3] = helpers.strncmp(line.text, 3, "abc") if helpers.strncmp(line.text, 3, "abd") < 0 else 0
    return 0


# run: show(seed=7) -> lines=[Line(text="7 -2 0x1c 100%")], out=[15, 0], value=0
# run: show(seed=123456789) -> lines=[Line(text="123456789 -2 0x")], out=[29, 0], value=0
@syscall
def show() -> int:
    line = lines.get(0)
    values = Values(a=seed.value, b=-2, c=seed.value * 4)
    if line is not None:
        out[0] = helpers.snprintf(line, sizeof(Line), "%llu %lld 0x%llx 100%%", values, sizeof(Values))
    return 0


# run: plain() -> lines=[Line(text="no values")], out=[10], value=0
@syscall
def plain() -> int:
    line = lines.get(0)
    if line is not None:
        out[0] = helpers.snprintf(line.text, 16, "no values", None, 0)
    return 0
