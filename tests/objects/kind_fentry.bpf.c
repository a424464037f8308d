// Functions of the kernel at their start, at their end, and with their result changed.
// host may refuse: EPERM
#include "common.h"
#include <bpf/bpf_tracing.h>

struct sock;

u64 sizes;

SEC("fentry/tcp_sendmsg")
int BPF_PROG(starts, struct sock *sk, void *msg, u64 size)
{
    sizes += size;
    return 0;
}

SEC("fexit/tcp_sendmsg")
int BPF_PROG(ends, struct sock *sk, void *msg, u64 size, int result)
{
    sizes -= result;
    return 0;
}
