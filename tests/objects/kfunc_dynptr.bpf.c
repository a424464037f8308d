// A packet's bytes behind a pointer that knows its bounds.
// vm refuses: no kernel function
// run: first data=080045*22 = 69
#include "common.h"

extern int bpf_dynptr_from_skb(struct __sk_buff *skb, u64 flags, struct bpf_dynptr *ptr) __ksym;
extern void *bpf_dynptr_slice(const struct bpf_dynptr *ptr, u32 offset, void *buffer,
                              u32 size) __ksym;

SEC("tc")
int first(struct __sk_buff *skb)
{
    struct bpf_dynptr packet;
    u8 buffer[4], *bytes;

    if (bpf_dynptr_from_skb(skb, 0, &packet))
        return 0;
    bytes = bpf_dynptr_slice(&packet, 14, buffer, sizeof(buffer));
    return bytes ? bytes[0] : 0;
}
