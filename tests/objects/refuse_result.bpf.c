// A result that the hook does not take.
// refused: R0|return
#include "common.h"

SEC("cgroup_skb/egress")
int decide(struct __sk_buff *skb)
{
    return 7;
}
