// Members of unions and structs without names, which the program has elsewhere than the kernel.
// run: ask data=00*64
#include "common.h"
#include <bpf/bpf_core_read.h>

struct sock_common {
    union {
        struct {
            u32 skc_rcv_saddr;
            u32 skc_daddr;
        };
        u64 skc_addrpair;
    };
    u16 skc_dport;
    u16 skc_family;
} __attribute__((preserve_access_index));

struct sk_buff {
    union {
        struct sock_common *sk;
    };
    u32 hash;
} __attribute__((preserve_access_index));

u32 offsets[6];

SEC("xdp")
int ask(struct xdp_md *ctx)
{
    struct sock_common *common = 0;
    struct sk_buff *skb = 0;

    offsets[0] = __builtin_preserve_field_info(common->skc_daddr, 0);
    offsets[1] = __builtin_preserve_field_info(common->skc_rcv_saddr, 0);
    offsets[2] = __builtin_preserve_field_info(common->skc_addrpair, 0);
    offsets[3] = __builtin_preserve_field_info(common->skc_dport, 0);
    offsets[4] = __builtin_preserve_field_info(skb->sk, 0);
    offsets[5] = __builtin_preserve_field_info(skb->hash, 0);
    return offsets[0];
}
