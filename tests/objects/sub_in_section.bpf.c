// Several programs in one section; one calls another, which libbpf does not do.
// libbpf refuses: bad call relo
// run: second data=00*64 = 5
// run: first data=00*64 = 3
#include "common.h"

SEC("tc")
__attribute__((noinline)) int first(struct __sk_buff *skb)
{
    asm volatile("");
    return 3;
}

SEC("tc")
int second(struct __sk_buff *skb)
{
    return first(skb) + 2;
}
