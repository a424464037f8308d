"""Every form of range."""
# run: ranges(given=[5, 10]) -> out=[10, 9, 8, 17, 15, 4, 0, 0]
# run: ranges(given=[0, 10]) -> out=[0, 0, 8, 0, 0, -9, 0, 0]
# run: ranges(given=[12, 5]) -> out=[66, 60, 3, 22, 43, 11, 0, 0]
from kring import Array, i64, syscall

given = Array[i64](2)
out = Array[i64](8)


@syscall
def ranges() -> None:
    stop = given[0] & 15
    start = (given[1] & 15) - 8
    t = 0
    for i in range(stop):
        t += i
    out[0] = t
    t = 0
    for i in range(start, stop):
        t += i
    out[1] = t
    t = 0
    for i in range(start, 7, 4):
        t += i
    out[2] = t
    t = 0
    for i in range(10, 10 - stop, -3):
        t += i
    out[3] = t
    t = 0
    last = -9
    for i in range(stop):
        last = i
        for j in range(i):
            if j > 3:
                break
            t += 1
            i += 1
        else:
            t += 1
    out[4] = t
    out[5] = last
    for i in range(0):
        out[6] = 1
    for i in range(5, 5):
        out[7] = 1
