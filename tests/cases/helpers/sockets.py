"""A socket that a helper finds and another gives back; its fields are those of `struct bpf_sock`."""

# engines: kernel

from kring import Array, KernelStruct, Struct, Xdp, XdpAction, be16, be32, helpers, sizeof, u32, u64, xdp


class bpf_sock(KernelStruct):
    state: u32
    src_port: u32


class Connection(Struct):
    source: be32
    target: be32
    source_port: be16
    target_port: be16


out = Array[u64](3)


# run: find(data=bytes(64)) -> out=[1, 0, 0], value=2
@xdp
def find(ctx: Xdp) -> XdpAction:
    wanted = Connection(source=0x7F00_0001, target=0x7F00_0001, source_port=1, target_port=1)
    sock = helpers.sk_lookup_tcp(ctx, wanted, sizeof(Connection), 0, 0)
    if sock is None:
        out[0] = 1
    else:
        out[1] = sock.state
        out[2] = sock.src_port
        helpers.sk_release(sock)
    return XdpAction.PASS


def state_of(ctx: Xdp, port: int) -> int:
    """A function that gives back what it found."""
    wanted = Connection(source=0x7F00_0001, target=0x7F00_0001, source_port=port, target_port=1)
    sock = helpers.sk_lookup_udp(ctx, wanted, sizeof(Connection), 0, 0)
    if sock is None:
        return 77
    state = sock.state
    helpers.sk_release(sock)
    return state


# run: states(data=bytes(64)) -> out=[77, 77, 2], value=2
@xdp
def states(ctx: Xdp) -> XdpAction:
    out[0] = state_of(ctx, 1)
    for i in range(2):
        out[1] = state_of(ctx, i)
        out[2] += 1
    return XdpAction.PASS
