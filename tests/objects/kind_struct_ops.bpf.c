// Functions that the kernel calls: congestion control.
#include "common.h"
#include <bpf/bpf_tracing.h>

struct sock;
struct rate_sample;

struct tcp_congestion_ops {
    char name[16];
    u32 (*ssthresh)(struct sock *sk);
    void (*cong_avoid)(struct sock *sk, u32 ack, u32 acked);
    u32 (*undo_cwnd)(struct sock *sk);
} __attribute__((preserve_access_index));

SEC("struct_ops/ssthresh")
u32 BPF_PROG(ssthresh, struct sock *sk)
{
    return 2;
}

SEC("struct_ops/cong_avoid")
void BPF_PROG(cong_avoid, struct sock *sk, u32 ack, u32 acked)
{
}

SEC("struct_ops/undo_cwnd")
u32 BPF_PROG(undo_cwnd, struct sock *sk)
{
    return 3;
}

SEC(".struct_ops")
struct tcp_congestion_ops kring_corpus = {
    .ssthresh = (void *)ssthresh,
    .cong_avoid = (void *)cong_avoid,
    .undo_cwnd = (void *)undo_cwnd,
    .name = "kring_corpus",
};
