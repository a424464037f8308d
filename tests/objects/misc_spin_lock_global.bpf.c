// A lock among the variables, in a section of its own.
// run: count data=00*64 = 1
#include "common.h"

struct bpf_spin_lock lock SEC(".data.locked");
u64 counter SEC(".data.locked");

SEC("tc")
int count(struct __sk_buff *skb)
{
    u64 now;

    bpf_spin_lock(&lock);
    now = ++counter;
    bpf_spin_unlock(&lock);
    return now;
}
