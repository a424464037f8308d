"""Shared variables: first values, assignment that truncates, atomic addition, structs."""
# run: use() -> value=4470, port=4463, small=7, total=8, limits=Limits(low=2, high=2)
# run: use(port=1, total=-1, times=2) -> value=54472, port=54465, total=5, limits=Limits(low=3, high=2)
from kring import Global, Struct, i64, syscall, u8, u16, u64


class Limits(Struct):
    low: u64
    high: u16


port = Global[u16](9999)
small = Global[u8](7)
total = Global[i64](5)
limits = Global[Limits](Limits(low=1, high=2))


@syscall
def use() -> int:
    total.value += 3
    port.value = port.value + 60000
    limits.value.low += 1
    return port.value + small.value
