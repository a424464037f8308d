from kring import KernelStruct, Struct, Xdp, XdpAction, array, helpers, sizeof, u32, xdp


class bpf_sock(KernelStruct):
    state: u32


class Tuple(Struct):
    words: bytes = array(12)


@xdp
def find(ctx: Xdp) -> XdpAction:
    if (sock := helpers.sk_lookup_tcp(ctx, Tuple(), sizeof(Tuple), 0, 0)) is not None:
        helpers.sk_release(sock)
        if sock.state == 1:
            return XdpAction.DROP
    return XdpAction.PASS
