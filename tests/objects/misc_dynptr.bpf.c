// Records of a size that is known late, behind pointers that know their bounds.
// vm refuses: ringbuf_reserve_dynptr
// run: send = 32
#include "common.h"

struct {
    __uint(type, BPF_MAP_TYPE_RINGBUF);
    __uint(max_entries, 4096);
} events SEC(".maps");

u32 volatile size = 20;

SEC("raw_tp")
int send(void *ctx)
{
    struct bpf_dynptr record;
    u64 value = 5;

    if (!bpf_ringbuf_reserve_dynptr(&events, size, 0, &record))
        bpf_dynptr_write(&record, 8, &value, sizeof(value), 0);
    bpf_ringbuf_submit_dynptr(&record, 0);
    return bpf_ringbuf_query(&events, BPF_RB_AVAIL_DATA);
}
