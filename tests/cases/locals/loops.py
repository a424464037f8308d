"""Variables that a loop carries round: unsigned ones, and signed ones that become unsigned."""
# run: carried(given=[MAX]) -> out=[MAX - 3, MAX, 6]
# run: carried(given=[1]) -> out=[4, 3, 6]
from kring import Array, syscall, u64

MAX = 2**64 - 1
given = Array[u64](1)
out = Array[u64](3)


@syscall
def carried() -> None:
    u = given[0]
    total = 0
    for _ in range(4):
        total += u
    out[0] = total
    signed = 0
    a = 0
    b = 1
    for _ in range(3):
        signed = signed + 2
        t = a
        a = b
        b = t
    out[2] = signed
    most = 0
    for i in range(3):
        if u > most:
            most = u
        if i + 1 > most:
            most = i + 1
    out[1] = most
