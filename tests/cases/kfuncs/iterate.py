"""A loop that the kernel steps: state on the stack, a number or None at each step."""

from kring import Array, Global, Struct, i32, kfunc, syscall, u64


class bpf_iter_num(Struct):
    state: u64


@kfunc
def bpf_iter_num_new(it: bpf_iter_num, start: i32, end: i32) -> i32: ...
@kfunc
def bpf_iter_num_next(it: bpf_iter_num) -> i32 | None: ...
@kfunc
def bpf_iter_num_destroy(it: bpf_iter_num) -> None: ...


first = Global[i32](0)
stop = Global[i32](0)
out = Array[u64](3)


# run: add(first=-3, stop=1000) -> out=[0xFFFF_FFFF_FFFF_FFFF & sum(range(-3, 1000)), 1003, 0], value=0
# run: add(first=5, stop=5) -> out=[0, 0, 0], value=0
# run: add(first=5, stop=4) -> out=[0, 0, 2**64 - 22], value=0
# run: add(first=-1, stop=8 << 20) -> out=[0, 0, 2**64 - 7], value=0
@syscall
def add() -> int:
    total = 0
    count = 0
    it = bpf_iter_num(state=0)
    out[2] = bpf_iter_num_new(it, first.value, stop.value)
    while (n := bpf_iter_num_next(it)) is not None:
        total += n
        count += 1
    bpf_iter_num_destroy(it)
    out[0] = total
    out[1] = count
    return 0
