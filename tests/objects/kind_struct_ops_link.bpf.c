// The same for a struct that is attached by a link, which libbpf 1.1 does not know.
// libbpf refuses: struct_ops
#include "common.h"
#include <bpf/bpf_tracing.h>

struct sock;

struct tcp_congestion_ops {
    char name[16];
    u32 (*ssthresh)(struct sock *sk);
    void (*cong_avoid)(struct sock *sk, u32 ack, u32 acked);
    u32 (*undo_cwnd)(struct sock *sk);
} __attribute__((preserve_access_index));

SEC("struct_ops")
u32 BPF_PROG(ssthresh, struct sock *sk)
{
    return 2;
}

SEC("struct_ops")
void BPF_PROG(cong_avoid, struct sock *sk, u32 ack, u32 acked)
{
}

SEC("struct_ops")
u32 BPF_PROG(undo_cwnd, struct sock *sk)
{
    return 3;
}

SEC(".struct_ops.link")
struct tcp_congestion_ops kring_linked = {
    .ssthresh = (void *)ssthresh,
    .cong_avoid = (void *)cong_avoid,
    .undo_cwnd = (void *)undo_cwnd,
    .name = "kring_linked",
};
