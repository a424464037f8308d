// A ring of a size that the kernel does not take: it becomes the next that it does.
// run: size = 16384
#include "common.h"

struct {
    __uint(type, BPF_MAP_TYPE_RINGBUF);
    __uint(max_entries, 10000);
} events SEC(".maps");

SEC("raw_tp")
int size(void *ctx)
{
    return bpf_ringbuf_query(&events, BPF_RB_RING_SIZE);
}
