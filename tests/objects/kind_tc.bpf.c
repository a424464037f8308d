// Packets in the stack, under the names that classifiers and actions have.
// run: mark data=00*64 = 2
// run: old_name data=00*64 = 64
// run: act data=00*64 = 0
#include "common.h"

SEC("tc")
int mark(struct __sk_buff *skb)
{
    skb->mark = 5;
    skb->cb[0] = 7;
    bpf_skb_store_bytes(skb, 14, "\x45", 1, 0);
    return 2;
}

SEC("classifier")
int old_name(struct __sk_buff *skb)
{
    return skb->len;
}

SEC("action")
int act(struct __sk_buff *skb)
{
    return 0;
}
