// What sockets report, send and receive.
#include "common.h"

SEC("sockops")
int events(struct bpf_sock_ops *ops)
{
    if (ops->op == BPF_SOCK_OPS_TCP_CONNECT_CB)
        bpf_sock_ops_cb_flags_set(ops, BPF_SOCK_OPS_STATE_CB_FLAG);
    return 1;
}

SEC("sk_skb/stream_parser")
int parse(struct __sk_buff *skb)
{
    return skb->len;
}

SEC("sk_skb/stream_verdict")
int judge(struct __sk_buff *skb)
{
    return SK_PASS;
}

SEC("sk_skb")
int either(struct __sk_buff *skb)
{
    return SK_PASS;
}

SEC("sk_msg")
int message(struct sk_msg_md *msg)
{
    return bpf_msg_apply_bytes(msg, 10) ? SK_DROP : SK_PASS;
}

SEC("sk_reuseport/migrate")
int migrate(struct sk_reuseport_md *ctx)
{
    return SK_PASS;
}
