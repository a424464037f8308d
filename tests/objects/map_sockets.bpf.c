// Sockets by number and by key, and those that share a port.
#include "common.h"

struct {
    __uint(type, BPF_MAP_TYPE_SOCKMAP);
    __uint(max_entries, 2);
    __type(key, u32);
    __type(value, u64);
} numbered SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_SOCKHASH);
    __uint(max_entries, 2);
    __type(key, u64);
    __type(value, u32);
} keyed SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_REUSEPORT_SOCKARRAY);
    __uint(max_entries, 2);
    __type(key, u32);
    __type(value, u64);
} port SEC(".maps");

SEC("sk_reuseport")
int choose(struct sk_reuseport_md *ctx)
{
    u32 key = ctx->hash & 1;

    bpf_sk_select_reuseport(ctx, &port, &key, 0);
    return SK_PASS;
}

SEC("sk_skb/stream_verdict")
int verdict(struct __sk_buff *skb)
{
    return bpf_sk_redirect_map(skb, &numbered, 1, 0);
}

SEC("sk_msg")
int message(struct sk_msg_md *msg)
{
    u64 key = msg->remote_port;

    return bpf_msg_redirect_hash(msg, &keyed, &key, BPF_F_INGRESS);
}
