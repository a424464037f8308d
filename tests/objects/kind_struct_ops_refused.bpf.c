// A function of a struct of the kernel that reads an argument it is not given.
// refused: ssthresh
#include "common.h"

struct sock;

struct tcp_congestion_ops {
    char name[16];
    u32 (*ssthresh)(struct sock *sk);
} __attribute__((preserve_access_index));

SEC("struct_ops/ssthresh")
u32 ssthresh(u64 *ctx)
{
    return ctx[5];
}

SEC(".struct_ops")
struct tcp_congestion_ops kring_corpus = {
    .ssthresh = (void *)ssthresh,
    .name = "kring_corpus",
};
