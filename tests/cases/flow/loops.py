"""while, break, continue and else."""
# run: loops(given=[10]) -> out=[10, 25, 1, 0, 4]
# run: loops(given=[3]) -> out=[3, 1, 1, 1, 4]
# run: loops(given=[0]) -> out=[0, 0, 1, 1, 4]
from kring import Array, i64, syscall

given = Array[i64](1)
out = Array[i64](5)


@syscall
def loops() -> None:
    n = given[0] & 31
    count = 0
    while count < n:
        count += 1
    out[0] = count
    odd = 0
    for i in range(n):
        if i % 2 == 0:
            continue
        odd += i
    out[1] = odd
    i = 0
    while i < 100:
        i += 1
        if i == 40:
            break
    else:
        out[2] = 9
    out[2] += 1
    for i in range(n):
        if i == 5:
            break
    else:
        out[3] = 1
    k = 0
    while True:
        k += 1
        if k > 3:
            break
    out[4] = k
