"""Kernel functions that take the context and memory of the program, and one that says yes or no."""

# engines: kernel

from kring import Array, Struct, Xdp, XdpAction, i32, kfunc, u32, u64, xdp


class bpf_dynptr(Struct):
    a: u64
    b: u64


@kfunc
def bpf_dynptr_from_xdp(x: Xdp, flags: u64, ptr__uninit: bpf_dynptr) -> i32: ...
@kfunc
def bpf_dynptr_size(p: bpf_dynptr) -> u32: ...
@kfunc
def bpf_dynptr_is_null(p: bpf_dynptr) -> bool: ...


out = Array[u64](4)


# run: measure(data=bytes(77)) -> out=[0, 77, 0], value=2
@xdp
def measure(ctx: Xdp) -> XdpAction:
    packet = bpf_dynptr()
    out[0] = bpf_dynptr_from_xdp(ctx, 0, packet)
    out[1] = bpf_dynptr_size(packet)
    out[2] = bpf_dynptr_is_null(packet)
    return XdpAction.PASS
