// Hooks that libbpf 1.1 has no name for.
// libbpf refuses: tcx
// run: inward data=00*64 = 4294967295
#include "common.h"

SEC("tcx/ingress")
int inward(struct __sk_buff *skb)
{
    return -1;
}

SEC("tcx/egress")
int outward(struct __sk_buff *skb)
{
    return -1;
}
