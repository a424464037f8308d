"""if, elif, else, early return, ternary, and, or, not, walrus."""
# run: grade(given=[95]) -> out=[1, 100, 95, 1]
# run: grade(given=[70]) -> out=[2, 70, 70, 0]
# run: grade(given=[5]) -> out=[3, 0, 5, 0]
# run: grade(given=[0]) -> out=[3, 0, 42, 0]
# run: grade(given=[-1]) -> out=[0, 0, 0, 0], value=7
from kring import Array, i64, syscall

given = Array[i64](1)
out = Array[i64](4)


@syscall
def grade() -> int:
    if (x := given[0]) < 0:
        return 7
    if x >= 90:
        out[0] = 1
    elif x >= 50 and not x == 60:
        out[0] = 2
    else:
        out[0] = 3
    out[1] = 100 if x > 90 else x if x > 50 else 0
    out[2] = x or 42
    out[3] = x > 80 and (x != 99 or x == 1)
    return 0
