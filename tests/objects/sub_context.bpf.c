// A global function that is given the context of its program.
// run: call data=00*70 = 70
#include "common.h"

__attribute__((noinline)) int length(struct __sk_buff *skb)
{
    return skb->len;
}

SEC("tc")
int call(struct __sk_buff *skb)
{
    return length(skb);
}
