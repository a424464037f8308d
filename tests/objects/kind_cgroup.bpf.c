// What a cgroup's processes do with addresses, sockets, devices, settings and options.
#include "common.h"

SEC("cgroup/connect4")
int connect4(struct bpf_sock_addr *ctx)
{
    if (ctx->user_port == 0x5000)
        ctx->user_ip4 = 0x0100007f;
    return 1;
}

SEC("cgroup/connect6")
int connect6(struct bpf_sock_addr *ctx)
{
    return ctx->user_ip6[3] ? 1 : 0;
}

SEC("cgroup/sendmsg4")
int sendmsg4(struct bpf_sock_addr *ctx)
{
    return 1;
}

SEC("cgroup/recvmsg6")
int recvmsg6(struct bpf_sock_addr *ctx)
{
    return 1;
}

SEC("cgroup/bind4")
int bind4(struct bpf_sock_addr *ctx)
{
    return 1;
}

SEC("cgroup/getsockname4")
int getsockname4(struct bpf_sock_addr *ctx)
{
    return 1;
}

SEC("cgroup/sock_create")
int create(struct bpf_sock *sk)
{
    return sk->family != 17;
}

SEC("cgroup/sock_release")
int release(struct bpf_sock *sk)
{
    return 1;
}

SEC("cgroup/post_bind4")
int post_bind4(struct bpf_sock *sk)
{
    return sk->src_port != 1;
}

SEC("cgroup/dev")
int device(struct bpf_cgroup_dev_ctx *ctx)
{
    return ctx->major == 1;
}

SEC("cgroup/sysctl")
int setting(struct bpf_sysctl *ctx)
{
    return !ctx->write;
}

SEC("cgroup/setsockopt")
int set_option(struct bpf_sockopt *ctx)
{
    return ctx->level != 1;
}

SEC("cgroup/getsockopt")
int get_option(struct bpf_sockopt *ctx)
{
    ctx->retval = 0;
    return 1;
}
