// Functions whose stacks together are too large.
// refused: stack
#include "common.h"

static __attribute__((noinline)) int inner(u64 x)
{
    volatile u64 room[35] = {x};

    return room[0] + room[x & 31];
}

SEC("tc")
int start(struct __sk_buff *skb)
{
    volatile u64 room[35] = {1};

    return inner(room[0]) + room[34];
}
