// A ring of no size.
// refused: events
#include "common.h"

struct {
    __uint(type, BPF_MAP_TYPE_RINGBUF);
} events SEC(".maps");

SEC("raw_tp")
int size(void *ctx)
{
    return bpf_ringbuf_query(&events, BPF_RB_RING_SIZE);
}
