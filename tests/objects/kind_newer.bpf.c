// Hooks that libbpf learnt after its version 1.1.
// libbpf refuses: unix
#include "common.h"
#include <linux/ptrace.h>

SEC("cgroup/connect_unix")
int connects(struct bpf_sock_addr *ctx)
{
    return 1;
}

SEC("uprobe.multi")
int many(struct pt_regs *ctx)
{
    return 0;
}

SEC("tc/egress")
int leaves(struct __sk_buff *skb)
{
    return 0;
}

SEC("sk_skb/verdict")
int either(struct __sk_buff *skb)
{
    return SK_PASS;
}
