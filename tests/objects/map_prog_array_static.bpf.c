// An array of programs that is filled with programs of other names and kinds than it calls them.
// run: start data=00*64 = 20
#include "common.h"

int parse(struct __sk_buff *skb);
int finish(struct __sk_buff *skb);

struct {
    __uint(type, BPF_MAP_TYPE_PROG_ARRAY);
    __uint(max_entries, 8);
    __type(key, u32);
    __array(values, int(struct __sk_buff *));
} steps SEC(".maps") = {
    .values = {
        [0] = (void *)&parse,
        [7] = (void *)&finish,
    },
};

SEC("tc")
int start(struct __sk_buff *skb)
{
    skb->cb[0] = 1;
    bpf_tail_call_static(skb, &steps, 0);
    return 0;
}

SEC("tc")
int parse(struct __sk_buff *skb)
{
    skb->cb[0] += 1;
    bpf_tail_call(skb, &steps, 7);
    return 1;
}

SEC("tc")
int finish(struct __sk_buff *skb)
{
    return skb->cb[0] * 10;
}
